"""`sitrep serve`: the product as a process."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import signal
from collections.abc import Callable
from contextlib import suppress

import structlog
import uvloop
from aiohttp import web

from bot.root import sitrep
from bot.settings import Settings
from bot.tracing import exported
from comms.bell import Bell
from comms.errors import Invalid

log = structlog.get_logger()

SHUTDOWN = 2.0
"""Seconds in which requests under way are answered; then the loops have theirs. Ten in all."""


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve until SIGINT or SIGTERM. `ready` is told the address once requests are answered."""
    if not settings.bot_app_id and not is_loopback(host):
        raise Invalid(
            f"Without SITREP_BOT_APP_ID the bot believes anybody: it may listen on 127.0.0.1 only,"
            f" not on {host}."
        )
    with exported("sitrep-serve"):
        uvloop.run(_serve(settings, host, port, ready))


def stop_signal() -> asyncio.Event:
    """Return what is set when SIGINT or SIGTERM asks this process to stop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


def reload_signal() -> Bell:
    """Return what is rung when SIGHUP asks this process to look at its plan again."""
    bell = Bell()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, bell.ring)
    return bell


def is_loopback(host: str) -> bool:
    """True for an address that only this machine can reach."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


async def listen(runner: web.AppRunner, host: str, port: int) -> None:
    """Answer at this address. Invalid where that cannot be."""
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as wrong:
        raise Invalid(f"Cannot listen on {host}:{port}: {wrong.strerror}.") from None


async def _serve(settings: Settings, host: str, port: int, ready: Callable[[str], None]) -> None:
    stopped = stop_signal()
    async with sitrep(settings, reload=reload_signal()) as product:
        runner = web.AppRunner(product.app, access_log=None, shutdown_timeout=SHUTDOWN)
        await runner.setup()
        try:
            await listen(runner, host, port)
            gc.freeze()  # no turn waits while what was built for good is searched for garbage
            at = runner.addresses[0][1]  # port 0 is any that is free
            ready(f"http://{host}:{at}")
            log.info("serve.ready", host=host, port=at)
            await stopped.wait()
        finally:
            await runner.cleanup()
