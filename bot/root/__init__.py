"""The composition root: everything is built once, by hand, in the order in which it is needed.

The only package that sees the bot, the engine and the storage together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from bot import channels, identity, tracing
from bot.api import Access, api_routes, problems_as_json
from bot.incident_page import incident_page_routes
from bot.letter_links import letter_routes
from bot.metrics.backlog import BacklogGauges
from bot.metrics.lag import watch_lag
from bot.metrics.plan import PlanGauges
from bot.metrics.route import metrics_routes
from bot.root.loops import (
    carrying,
    close_mail,
    collecting,
    dispatcher_loops,
    dispatching,
    refreshing,
    senders_of,
)
from bot.root.parts import Parts, parts_of
from bot.root.reload import adopted, draw_page, watching_plan
from bot.settings import Settings
from bot.teams import Teams
from comms.backlog import BY_WORKERS
from comms.bell import Bell
from comms.channels.transport import Transport
from comms.clock import Clock
from comms.desk import Desk
from comms.fanout import Slots
from comms.lull import Lull
from comms.plan.model import ChannelName, Plan
from comms.planner import Planner
from comms.routes import Routes
from comms.supervise import Loop, running
from comms.throttle import Throttle
from comms.timekeeper import Timekeeper
from storage.connect import is_sqlite
from storage.database import Database

if TYPE_CHECKING:
    pass

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Product:
    """Sitrep, running. `app` answers HTTP; `desk` is the one door to everything it does."""

    app: web.Application
    desk: Desk
    database: Database
    routes: Mapping[ChannelName, Routes]


@asynccontextmanager
async def sitrep(
    settings: Settings,
    *,
    plan: Plan | None = None,
    clock: Clock | None = None,
    access: Access | None = None,
    slots: Mapping[ChannelName, Slots] | None = None,
    throttle: Throttle | None = None,
    transports: Mapping[ChannelName, Transport] | None = None,
    reload: Bell | None = None,
) -> AsyncIterator[Product]:
    """Build the product, run its loops for as long as the block runs, and take it down.

    `transports` take the place of those that the settings make. The file of the plan is watched,
    and looked at once `reload` is rung; not where a `plan` is given.

    On SQLite it does everything itself. On Postgres any number of it work side by side, and
    workers send what is not the page's. Paces are kept in the database, unless in `throttle`.

    Raises a SitrepError whose detail says what to mend: the plan, the database, a setting.
    """
    async with parts_of(settings, plan, clock, transports, throttle) as parts:
        await adopted(parts)
        lull = Lull()
        teams = Teams(
            gate=identity.gate(settings, parts.session),
            connector=parts.connector,
            desk=parts.desk,
            lull=lull,
            meters=parts.meters,
        )
        if settings.bot_app_id:
            teams.load()
        app = web.Application(middlewares=[*tracing.middlewares(), problems_as_json])
        app.add_routes(teams.routes())
        app.add_routes(_routes(settings, parts, access or identity.access(settings)))
        await draw_page(parts)
        shared = not is_sqlite(parts.database.url)
        here = [ChannelName.PAGE] if shared else list(ChannelName)
        senders = senders_of(parts, here, slots or channels.slots(settings))
        bells, clock = parts.bells, parts.clock
        watching = watching_plan(settings, parts, reload, tells=True) if plan is None else {}
        timekeeper = Timekeeper(
            desk=parts.desk, clock=clock, bell=bells.timers, meters=parts.meters
        )
        loops: dict[str, Loop] = {
            "timers": timekeeper.run,
            "lag": partial(watch_lag, parts.meters.lag),
            "planner": Planner(desk=parts.desk, clock=clock, bell=bells.planning).run,
            "progress": parts.progress.run,
            **{f"fanout.{sender.channel}": sender.run for sender in senders},
        }
        async with (
            carrying(settings, parts, lull) as effects,
            collecting(settings, parts) as bounces,
            refreshing(settings, parts) as sources,
            dispatching(parts) as shards,
            running(
                {**loops, **effects, **bounces, **sources, **shards, **watching},
                hurry=partial(close_mail, parts.routes),
            ),
        ):
            yield Product(
                app=app,
                desk=parts.desk,
                database=parts.database,
                routes=parts.routes,
            )
            await teams.finish()


@asynccontextmanager
async def fanout_worker(
    settings: Settings,
    *,
    plan: Plan | None = None,
    clock: Clock | None = None,
    slots: Mapping[ChannelName, Slots] | None = None,
    reload: Bell | None = None,
) -> AsyncIterator[web.Application]:
    """Send what waits in the ledger, on Postgres, for as long as the block runs, and nothing else.

    The application that is given answers /metrics and no more.

    At the end slots under way are finished and the rest is given back to the other workers.
    Raises a SitrepError whose detail says what to mend.
    """
    from storage.fanout_jobs import FanoutJobs  # noqa: PLC0415 - as below

    async with parts_of(settings, plan, clock) as parts:
        slots = slots or channels.slots(settings)
        senders = senders_of(parts, BY_WORKERS, slots)
        work = {sender.channel: (sender.run_one, slots[sender.channel].lanes) for sender in senders}
        jobs = FanoutJobs(parts.database.url)
        async with (
            jobs.opened(),
            running(
                {
                    "jobs": partial(jobs.work, work),
                    "progress": parts.progress.run,
                    **dispatcher_loops(parts, jobs),
                    **(watching_plan(settings, parts, reload) if plan is None else {}),
                },
                hurry=partial(close_mail, parts.routes),
            ),
        ):
            app = web.Application()
            app.add_routes(_metrics(parts))
            try:
                yield app
            finally:
                for sender in senders:
                    sender.stop()


def _routes(settings: Settings, parts: Parts, access: Access) -> Iterator[web.RouteDef]:
    yield from api_routes(
        parts.desk, access, registry=parts.registry, bounce_meters=parts.bounce_meters
    )
    yield from _metrics(parts)
    yield from letter_routes(parts.desk, parts.links)
    yield from incident_page_routes(parts.desk, parts.links, access)


def _metrics(parts: Parts) -> list[web.RouteDef]:
    PlanGauges(parts.desk, parts.registry)
    return metrics_routes(parts.registry, BacklogGauges(parts.desk, parts.registry))
