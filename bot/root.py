"""The composition root: everything is built once, by hand, in the order in which it is needed.

The only module that sees the bot, the engine and the storage together.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientSession, web
from prometheus_client import CollectorRegistry

from bot import channels, identity, mail, tracing
from bot.api import Access, api_routes, problems_as_json
from bot.bells import Bells
from bot.bounces import mailbox
from bot.bounces.reader import BounceReader
from bot.edge.connector import Connector, open_session
from bot.incident_page import incident_page_routes, incident_url
from bot.letter_links import letter_routes
from bot.links import Links
from bot.metrics.backlog import BacklogGauges
from bot.metrics.bounces import BounceMeters
from bot.metrics.lag import watch_lag
from bot.metrics.meters import ProductMeters
from bot.metrics.route import metrics_routes
from bot.room.hands import Hands
from bot.room.progress import Progress
from bot.settings import Settings
from bot.subscribing import CONFIRM
from bot.teams import Teams
from bot.unsubscribing import stopped_by_mail
from comms.backlog import BY_WORKERS
from comms.channels.mail.azure.transport import AzureTransport
from comms.channels.mail.postmark import Postmarks
from comms.channels.mail.transport import MailTransport
from comms.channels.page.transport import PageTransport
from comms.channels.transport import Transport
from comms.clock import Clock
from comms.desk import Desk, House
from comms.dispatcher import Dispatcher
from comms.errors import Unavailable
from comms.fanout import Runner, Slots, runners
from comms.lull import Lull
from comms.outbox import Carrier, Effect
from comms.plan.load import load
from comms.plan.model import ChannelName, Plan
from comms.planner import Planner
from comms.routes import Routes, only
from comms.supervise import Loop, running
from comms.throttle import Throttle
from comms.timekeeper import Timekeeper
from comms.trial_apart import usable
from comms.watch import watch
from storage import schema
from storage.book import SqlStore
from storage.clock import clock_for
from storage.connect import is_sqlite
from storage.database import Database
from storage.duty import Duty
from storage.lanes import SharedEffects
from storage.ledger import SqlLedger
from storage.outbox import SqlEffects
from storage.secrets import key_of
from storage.sole import sole_use
from storage.throttle import SqlThrottle

if TYPE_CHECKING:
    from storage.fanout_jobs import FanoutJobs

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Product:
    """Sitrep, running. `app` answers HTTP; `desk` is the one door to everything it does."""

    app: web.Application
    desk: Desk
    database: Database
    plan: Plan
    routes: Mapping[ChannelName, Routes]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the app and a worker are both built from. `me` names this process among others."""

    me: str
    clock: Clock
    plan: Plan
    registry: CollectorRegistry
    meters: ProductMeters
    bounce_meters: BounceMeters
    database: Database
    session: ClientSession
    connector: Connector
    links: Links
    page: PageTransport
    routes: Mapping[ChannelName, Routes]
    bells: Bells
    desk: Desk
    progress: Progress


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
) -> AsyncIterator[Product]:
    """Build the product, run its loops for as long as the block runs, and take it down.

    `transports` take the place of those that the settings make.

    On SQLite it does everything itself. On Postgres any number of it work side by side, and
    workers send what is not the page's. Paces are kept in the database, unless in `throttle`.

    Raises a SitrepError whose detail says what to mend: the plan, the database, a setting.
    """
    async with _parts(settings, plan, clock, transports, throttle) as parts:
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
        await _draw_page(parts.page, parts.clock)
        shared = not is_sqlite(parts.database.url)
        here = [ChannelName.PAGE] if shared else list(ChannelName)
        senders = _runners(parts, here, slots or channels.slots(settings))
        bells, clock = parts.bells, parts.clock
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
            _carrying(settings, parts, lull) as carrying,
            _collecting(settings, parts) as collecting,
            _dispatching(parts) as dispatching,
            running(
                {**loops, **carrying, **collecting, **dispatching},
                hurry=partial(_close, parts.routes),
            ),
        ):
            yield Product(
                app=app,
                desk=parts.desk,
                database=parts.database,
                plan=parts.plan,
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
) -> AsyncIterator[web.Application]:
    """Send what waits in the ledger, on Postgres, for as long as the block runs, and nothing else.

    The application that is given answers /metrics and no more.

    At the end slots under way are finished and the rest is given back to the other workers.
    Raises a SitrepError whose detail says what to mend.
    """
    from storage.fanout_jobs import FanoutJobs  # noqa: PLC0415 - as below

    async with _parts(settings, plan, clock) as parts:
        slots = slots or channels.slots(settings)
        senders = _runners(parts, BY_WORKERS, slots)
        work = {sender.channel: (sender.run_one, slots[sender.channel].lanes) for sender in senders}
        jobs = FanoutJobs(parts.database.url)
        async with (
            jobs.opened(),
            running(
                {
                    "jobs": partial(jobs.work, work),
                    "progress": parts.progress.run,
                    **_dispatcher(parts, jobs),
                },
                hurry=partial(_close, parts.routes),
            ),
        ):
            app = web.Application()
            app.add_routes(_metrics(parts))
            try:
                yield app
            finally:
                for sender in senders:
                    sender.stop()


@asynccontextmanager
async def _parts(
    settings: Settings,
    plan: Plan | None,
    given: Clock | None,
    transports: Mapping[ChannelName, Transport] | None = None,
    throttle: Throttle | None = None,
) -> AsyncIterator[Parts]:
    plan = plan if plan is not None else await asyncio.to_thread(_plan, settings)
    # A process number alone would come again: in a container every process is number 1.
    me = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
    registry = CollectorRegistry()
    meters = ProductMeters(registry)
    database = open_database(settings, committed=meters.committed)
    meters.watch_writes(lambda: database.waiting)
    async with open_session() as session, sole_use(database), clock_for(database, given) as clock:
        try:
            connector = Connector(
                session, identity.tokens(settings), identity.service_hosts(settings)
            )
            links = Links(
                key=await database.write(partial(key_of, name="links")),
                base_url=settings.base_url or "",
            )
            postmarks = Postmarks(await database.write(partial(key_of, name="postmarks")))
            store = SqlStore(database, me=me)
            bells = Bells()
            house = House(
                plan=plan,
                writers=channels.WRITERS,
                limits=channels.limits(settings, plan),
                incident_url=partial(incident_url, links),
                confirm_url=partial(links.make, CONFIRM),
                page_url=partial(channels.page_url, settings),
                postmarks=postmarks,
            )
            desk = Desk(store=store, house=house, clock=clock, bells=bells.by_topic)
            page = channels.status_page(settings, plan, clock)
            sending = channels.routes(
                mail.Office(
                    settings=settings,
                    session=session,
                    links=links,
                    postmarks=postmarks,
                    clock=clock,
                ),
                plan,
                connector=connector,
                store=store,
                page=page,
                throttle=throttle or SqlThrottle(database),
            )
            instead = {name: only(transport) for name, transport in (transports or {}).items()}
            yield Parts(
                me=me,
                clock=clock,
                plan=plan,
                registry=registry,
                meters=meters,
                bounce_meters=BounceMeters(registry),
                database=database,
                session=session,
                connector=connector,
                links=links,
                page=page,
                routes={**sending, **instead},
                bells=bells,
                desk=desk,
                progress=Progress(desk=desk),
            )
        finally:
            database.close()


def _runners(
    parts: Parts,
    names: Sequence[ChannelName],
    slots: Mapping[ChannelName, Slots],
) -> tuple[Runner, ...]:
    return runners(
        {name: parts.routes[name] for name in names},
        ledger=SqlLedger(parts.database),
        clock=parts.clock,
        bells=parts.bells.lanes,
        owner=parts.me,
        slots=slots,
        holds=parts.plan.holds_unknown,
        progressed=parts.progress.moved,
        meters=parts.meters,
        watch=watch(parts.desk),
    )


@asynccontextmanager
async def _carrying(
    settings: Settings, parts: Parts, lull: Lull
) -> AsyncIterator[Mapping[str, Loop]]:
    """Give the loops that carry out what acts ask of the outside world."""
    hands = Hands(desk=parts.desk, connector=parts.connector, bot_id=bot_id(settings))
    shared = not is_sqlite(parts.database.url)
    effects = SharedEffects(parts.database, me=parts.me) if shared else SqlEffects(parts.database)
    carrier = Carrier(
        effects=effects,
        hands={**hands.by_kind(), "page.refresh": partial(_refresh, parts.page, parts.clock)},
        clock=parts.clock,
        bell=parts.bells.outbox,
        lull=lull,
        meters=parts.meters,
    )
    if isinstance(effects, SharedEffects):
        try:
            yield {"outbox": carrier.run, "outbox.hold": partial(effects.hold, parts.clock)}
        finally:
            await effects.release()
    else:
        yield {"outbox": carrier.run}


@asynccontextmanager
async def _collecting(settings: Settings, parts: Parts) -> AsyncIterator[Mapping[str, Loop]]:
    """Give the loop that collects what comes back of mail: one process does, of all there are."""
    found = mailbox.letterbox(settings, parts.session)
    if found is None:
        yield {}
        return
    duty = Duty(parts.database, "bounces", me=parts.me)
    reader = BounceReader(
        desk=parts.desk,
        letterbox=found,
        clock=parts.clock,
        meter=parts.bounce_meters,
        turn=duty.is_ours,
        stop=partial(stopped_by_mail, parts.desk, parts.links),
    )
    try:
        yield {"bounces": reader.run}
    finally:
        await duty.release()


@asynccontextmanager
async def _dispatching(parts: Parts) -> AsyncIterator[Mapping[str, Loop]]:
    """Give the loops that hand the ledger's shards to workers: none on SQLite."""
    if is_sqlite(parts.database.url):
        yield {}
        return
    from storage.fanout_jobs import FanoutJobs  # noqa: PLC0415 - 15 MB that SQLite does not need

    jobs = FanoutJobs(parts.database.url)
    async with jobs.opened():
        yield _dispatcher(parts, jobs)


def _dispatcher(parts: Parts, jobs: FanoutJobs) -> Mapping[str, Loop]:
    from storage.notify import Listener  # noqa: PLC0415 - as above

    dispatcher = Dispatcher(
        jobs=jobs,
        ledger=SqlLedger(parts.database),
        channels=BY_WORKERS,
        clock=parts.clock,
        bell=parts.bells.dispatch,
    )
    listener = Listener(parts.database.url, me=parts.me, wake=parts.bells.ring)
    return {"dispatcher": dispatcher.run, "listener": listener.run}


def _routes(settings: Settings, parts: Parts, access: Access) -> Iterator[web.RouteDef]:
    yield from api_routes(
        parts.desk, access, registry=parts.registry, bounce_meters=parts.bounce_meters
    )
    yield from _metrics(parts)
    yield from letter_routes(parts.desk, parts.links)
    yield from incident_page_routes(parts.desk, parts.links, access)


def _metrics(parts: Parts) -> list[web.RouteDef]:
    return metrics_routes(parts.registry, BacklogGauges(parts.desk, parts.registry))


def open_database(
    settings: Settings, *, committed: Callable[[int, float], None] = lambda _writes, _seconds: None
) -> Database:
    """Open the database; an embedded one is brought up to date, another is only checked."""
    database = Database(settings.database_url.get_secret_value(), committed=committed)
    if is_sqlite(database.url):
        schema.upgrade(database)
    schema.check(database)
    return database


def _plan(settings: Settings) -> Plan:
    """The plan with those of its own letters that work; the log says of the others why not."""
    plan = load(settings.plan, mail.known(settings), templates=settings.templates)
    plan = usable(plan, settings.plan, settings.templates)
    for warning in plan.overrides.warnings:
        log.warning("plan.template_left_out", why=warning)
    return plan


async def _close(routes: Mapping[ChannelName, Routes]) -> None:
    for route in routes[ChannelName.MAIL].by_name.values():
        if isinstance(route.transport, MailTransport | AzureTransport):
            await route.transport.close()


def bot_id(settings: Settings) -> str:
    """The bot's account in Teams: '28:' and its app id."""
    return f"28:{settings.bot_app_id}" if settings.bot_app_id else "sitrep"


async def _draw_page(page: PageTransport, clock: Clock) -> None:
    """Draw the page once at the start; incidents work on where it cannot be written."""
    try:
        await page.refresh(clock.now())
    except (OSError, Unavailable) as wrong:
        log.error("page.not_drawn", why=str(wrong))


async def _refresh(page: PageTransport, clock: Clock, _effect: Effect) -> None:
    await page.refresh(clock.now())
