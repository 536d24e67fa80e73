"""The composition root: everything is built once, by hand, in the order in which it is needed.

The only module that sees the bot, the engine and the storage together.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from bot import identity
from bot.api import Access, api_routes, problems_as_json
from bot.edge.connector import Connector, open_session
from bot.edge.messages import Edge
from bot.edge.messages import routes as edge_routes
from bot.incident_page import incident_page_routes, incident_url
from bot.links import Links
from bot.metrics.backlog import BacklogGauges
from bot.metrics.lag import watch_lag
from bot.metrics.meters import ProductMeters
from bot.metrics.route import metrics_routes
from bot.room.hands import Hands
from bot.room.progress import Progress
from bot.room.transport import TeamsTransport
from bot.seen import seen_routes
from bot.settings import Settings
from bot.turns.bot import Bot
from bot.turns.door import Door
from bot.turns.sender import Directory
from bot.turns.timed import timed
from comms.bell import Bell, Topic
from comms.channels.mail import writer as mail_writer
from comms.channels.mail.address import mailbox
from comms.channels.mail.relay import Relay, relay
from comms.channels.mail.transport import MailTransport
from comms.channels.page import writer as page_writer
from comms.channels.page.state import Site
from comms.channels.page.transport import PageTransport
from comms.channels.teams import writer as teams_writer
from comms.channels.transport import Transport
from comms.channels.unconfigured import Unconfigured
from comms.clock import Clock, SystemClock
from comms.delivery import Delivery
from comms.desk import Desk, House
from comms.errors import Unavailable
from comms.fanout import Slots, runners
from comms.lull import Lull
from comms.outbox import Carrier, Effect
from comms.plan.load import load
from comms.plan.model import ChannelName, Plan
from comms.planner import Planner
from comms.render import Writer
from comms.supervise import Loop, running
from comms.timekeeper import Timekeeper
from storage import schema
from storage.book import SqlStore
from storage.connect import is_sqlite
from storage.database import Database
from storage.ledger import SqlLedger
from storage.outbox import SqlEffects
from storage.secrets import key_of
from storage.sole import sole_use

log = structlog.get_logger()

WRITERS: Mapping[ChannelName, Writer] = {
    ChannelName.TEAMS: teams_writer.write,
    ChannelName.MAIL: mail_writer.write,
    ChannelName.PAGE: page_writer.write,
}
"""Adding a channel means a folder in `comms.channels`, a line here and one in `sitrep`."""

SLOTS: Mapping[ChannelName, Slots] = {
    ChannelName.TEAMS: Slots(lanes=4, batch=1),
    ChannelName.MAIL: Slots(lanes=4, batch=50),
    ChannelName.PAGE: Slots(lanes=1, batch=1),
}


@dataclass(frozen=True, kw_only=True)
class Product:
    """Sitrep, running. `app` answers HTTP; `desk` is the one door to everything it does."""

    app: web.Application
    desk: Desk
    database: Database
    plan: Plan
    transports: Mapping[ChannelName, Transport]


@asynccontextmanager
async def sitrep(
    settings: Settings,
    *,
    plan: Plan | None = None,
    clock: Clock | None = None,
    access: Access | None = None,
    slots: Mapping[ChannelName, Slots] = SLOTS,
) -> AsyncIterator[Product]:
    """Build the product, run its loops for as long as the block runs, and take it down.

    Raises a SitrepError whose detail says what to mend: the plan, the database, a setting.
    """
    clock = clock or SystemClock()
    plan = plan or load(settings.plan)
    registry = CollectorRegistry()
    meters = ProductMeters(registry)
    database = open_database(settings, committed=meters.committed)
    meters.watch_writes(lambda: database.waiting)
    async with open_session() as session, sole_use(database):
        try:
            connector = Connector(
                session, identity.tokens(settings), identity.service_hosts(settings)
            )
            store = SqlStore(database)
            links = Links(
                key=await database.write(partial(key_of, name="links")),
                base_url=settings.base_url or "",
            )
            mail = _relay(settings)
            bells = {topic: Bell() for topic in Topic if topic is not Topic.FANOUT}
            lanes = {channel: Bell() for channel in ChannelName}
            desk = Desk(
                store=store,
                house=House(
                    plan=plan,
                    writers=WRITERS,
                    rates={ChannelName.MAIL: mail.rate} if mail else {},
                    incident_url=partial(incident_url, links),
                ),
                clock=clock,
                bells={
                    **{topic: (bell,) for topic, bell in bells.items()},
                    Topic.FANOUT: tuple(lanes.values()),
                },
            )
            page = _page(settings, plan, clock)
            transports: dict[ChannelName, Transport] = {
                ChannelName.TEAMS: TeamsTransport(connector=connector, store=store),
                ChannelName.MAIL: _mail(settings, mail, links, clock),
                ChannelName.PAGE: page,
            }
            progress = Progress(desk=desk)
            lull = Lull()
            hands = Hands(desk=desk, connector=connector, bot_id=bot_id(settings))
            carrier = Carrier(
                effects=SqlEffects(database),
                hands={**hands.by_kind(), "page.refresh": partial(_refresh, page, clock)},
                clock=clock,
                bell=bells[Topic.OUTBOX],
                lull=lull,
                meters=meters,
            )
            senders = runners(
                transports,
                ledger=SqlLedger(database),
                clock=clock,
                bells=lanes,
                owner=f"{socket.gethostname()}:{os.getpid()}",
                slots=slots,
                progressed=progress.moved,
                meters=meters,
            )
            bot = Bot(
                lull=lull, door=Door(desk=desk, directory=Directory(connector)), connector=connector
            )
            edge = Edge(
                gate=identity.gate(settings, session),
                connector=connector,
                on_turn=timed(bot.on_turn, meters),
            )
            app = web.Application(middlewares=[problems_as_json])
            app.add_routes(edge_routes(edge))
            app.add_routes(api_routes(desk, access or _access(settings), registry=registry))
            app.add_routes(metrics_routes(registry, BacklogGauges(desk, registry)))
            app.add_routes(seen_routes(desk, links))
            app.add_routes(incident_page_routes(desk, links, access or _access(settings)))
            await _draw_page(page, clock)
            timekeeper = Timekeeper(desk=desk, clock=clock, bell=bells[Topic.TIMERS], meters=meters)
            loops: dict[str, Loop] = {
                "timers": timekeeper.run,
                "lag": partial(watch_lag, meters.lag),
                "outbox": carrier.run,
                "planner": Planner(desk=desk, clock=clock, bell=bells[Topic.PLANNING]).run,
                "progress": progress.run,
                **{f"fanout.{sender.channel}": sender.run for sender in senders},
            }
            async with running(loops):
                yield Product(
                    app=app, desk=desk, database=database, plan=plan, transports=transports
                )
                await bot.finish()
            for transport in transports.values():
                if isinstance(transport, MailTransport):
                    await transport.close()
        finally:
            database.close()


def open_database(
    settings: Settings, *, committed: Callable[[int, float], None] = lambda _writes, _seconds: None
) -> Database:
    """Open the database; an embedded one is brought up to date, another is only checked."""
    database = Database(settings.database_url.get_secret_value(), committed=committed)
    if is_sqlite(database.url):
        schema.upgrade(database)
    schema.check(database)
    return database


def bot_id(settings: Settings) -> str:
    """The bot's account in Teams: '28:' and its app id."""
    return f"28:{settings.bot_app_id}" if settings.bot_app_id else "sitrep"


def _access(settings: Settings) -> Access:
    return Access(token=settings.api_token.get_secret_value() if settings.api_token else "")


def _relay(settings: Settings) -> Relay | None:
    return relay(settings.smtp_url.get_secret_value()) if settings.smtp_url else None


def _mail(settings: Settings, to: Relay | None, links: Links, clock: Clock) -> Transport:
    if to is None:
        return Unconfigured("No mail relay is set up: set SITREP_SMTP_URL and SITREP_MAIL_FROM.")
    if settings.mail_from is None:
        return Unconfigured("Mail has no sender: set SITREP_MAIL_FROM.")

    def own(delivery: Delivery) -> Mapping[str, str]:
        url = links.make("seen", str(delivery.id))
        return {"seen": url} if url else {}

    return MailTransport(
        to,
        sender=mailbox(settings.mail_from, option="SITREP_MAIL_FROM"),
        links=own,
        clock=clock,
    )


def _page(settings: Settings, plan: Plan, clock: Clock) -> PageTransport:
    site = Site(
        organisation=plan.organisation,
        time_zone=plan.time_zone,
        url=settings.status_url or "http://127.0.0.1:8080",
    )
    return PageTransport(settings.status_dir, site, clock)


async def _draw_page(page: PageTransport, clock: Clock) -> None:
    """Draw the page once at the start; incidents work on where it cannot be written."""
    try:
        await page.refresh(clock.now())
    except (OSError, Unavailable) as wrong:
        log.error("page.not_drawn", why=str(wrong))


async def _refresh(page: PageTransport, clock: Clock, _effect: Effect) -> None:
    await page.refresh(clock.now())
