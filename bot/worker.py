"""`sitrep worker`: the fan-out as a process of its own, on as many machines as are wanted."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
import uvloop
from aiohttp import web

from bot import logs
from bot.root import fanout_worker
from bot.serve import SHUTDOWN, listen, reload_signal, stop_signal
from bot.settings import Settings
from bot.tracing import exported
from comms.errors import Invalid

log = structlog.get_logger()


def work(settings: Settings, *, ready: Callable[[], None] = lambda: None) -> None:
    """Send what waits until SIGINT or SIGTERM; `ready` is told when it begins.

    It stops within about ten seconds: slots under way are finished, the rest is given back.
    Raises a SitrepError whose detail says what to mend.
    """
    if settings.database_url.get_secret_value().startswith("sqlite"):
        raise Invalid(
            "A worker shares the ledger with the app over Postgres; with SQLite the app sends"
            " everything itself. Set SITREP_DATABASE_URL to a Postgres database first."
        )
    logs.configure(settings.log)
    with exported("sitrep-worker"):
        uvloop.run(_work(settings, ready))


async def _work(settings: Settings, ready: Callable[[], None]) -> None:
    stopped = stop_signal()
    async with fanout_worker(settings, reload=reload_signal()) as app, _measured(settings, app):
        gc.freeze()  # as `serve`: what was built for good is not searched for garbage
        ready()
        log.info("worker.ready")
        await stopped.wait()


@asynccontextmanager
async def _measured(settings: Settings, app: web.Application) -> AsyncIterator[None]:
    """Answer /metrics for as long as the block runs, where a port for it is set."""
    if settings.metrics_port is None:
        yield
        return
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    try:
        await listen(runner, settings.metrics_host, settings.metrics_port)
        log.info("worker.metrics", at=runner.addresses)
        yield
    finally:
        await runner.cleanup()
