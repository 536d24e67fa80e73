"""The demo on a real loopback server, with the small bot behind it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from bot.demo.app import demo_app
from bot.demo.cast import INES
from bot.demo.catcher import Catcher
from bot.demo.clock import ScaledClock
from bot.demo.feed import Feed
from bot.demo.replay import Replay
from bot.demo.scenario import Scenario
from bot.demo.sources import DemoSources, PromiseLine, TimelineEntry, UpdateTotals
from bot.demo.teams.limits import Throttle
from bot.demo.teams.simulator import Simulator
from bot.demo.teams.wire import Wire
from comms.delivery import LedgerRow
from tests.bot.demo.small_bot import SmallBot

NOTHING = Scenario(name="nothing", title="Nothing happens", steps=())


@dataclass(kw_only=True)
class Records:
    """What the ledger pane is shown."""

    timeline: list[TimelineEntry] = field(default_factory=list)
    updates: list[UpdateTotals] = field(default_factory=list)
    promises: list[PromiseLine] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything a test may want to look at."""

    url: str
    bot: SmallBot
    teams: Simulator
    mail: Catcher
    clock: ScaledClock
    feed: Feed
    replay: Replay
    records: Records
    http: aiohttp.ClientSession


@asynccontextmanager
async def open_stage(
    *,
    scenario: Scenario = NOTHING,
    throttle: Throttle | None = None,
    clock: ScaledClock | None = None,
    with_page: bool = True,
    speed: float = 36_000.0,
    patience: float = 30.0,
) -> AsyncIterator[Stage]:
    """Serve on a free port until the context ends."""
    clock, feed, records = clock or ScaledClock(), Feed(), Records()
    runner = web.AppRunner(root := web.Application(), shutdown_timeout=0.2)
    mail = Catcher(clock=clock, feed=feed)
    await mail.start()
    bot = SmallBot(smtp_port=mail.port)
    async with aiohttp.ClientSession() as http:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        teams = Simulator(
            wire=Wire(http, f"{url}/api/messages", patience=patience),
            service_url=f"{url}/teams/",
            clock=clock,
            feed=feed,
            throttle=throttle,
        )
        replay = Replay(
            scenario=scenario,
            teams=teams,
            clock=clock,
            feed=feed,
            speed=speed,
            patience=patience,
        )
        sources = _sources(
            teams=teams, mail=mail, clock=clock, feed=feed, replay=replay, records=records
        )
        root.add_subapp("/api", bot.app())
        root.add_subapp("/teams", teams.connector.app())
        if with_page:
            root.add_subapp("/demo", demo_app(sources))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await teams.install(INES)
        try:
            yield Stage(
                url=url,
                bot=bot,
                teams=teams,
                mail=mail,
                clock=clock,
                feed=feed,
                replay=replay,
                records=records,
                http=http,
            )
        finally:
            await replay.stop()
            await runner.cleanup()
            await mail.stop()


def _sources(
    *,
    teams: Simulator,
    mail: Catcher,
    clock: ScaledClock,
    feed: Feed,
    replay: Replay,
    records: Records,
) -> DemoSources:
    async def timeline() -> list[TimelineEntry]:
        return records.timeline

    async def updates() -> list[UpdateTotals]:
        return records.updates

    async def promises() -> list[PromiseLine]:
        return records.promises

    async def deliveries(incident: str, update: int) -> list[LedgerRow]:
        return [row for row in records.rows if row.update == update]

    async def status_version() -> str:
        return "1"

    return DemoSources(
        teams=teams,
        mail=mail,
        clock=clock,
        feed=feed,
        replay=replay,
        status_url="",
        timeline=timeline,
        updates=updates,
        promises=promises,
        deliveries=deliveries,
        status_version=status_version,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
