"""The parts that the app and a worker are both built from: database, desk, channels."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry

from bot import channels, identity, mail
from bot.bells import Bells
from bot.edge.connector import Connector, open_session
from bot.incident_page import incident_url
from bot.link_keys import named_keys
from bot.links import Links
from bot.metrics.bounces import BounceMeters
from bot.metrics.meters import ProductMeters
from bot.plan_keeper import read_plan
from bot.room.progress import Progress
from bot.settings import Settings
from bot.subscribing import CONFIRM
from comms.channels.mail.postmark import Postmarks
from comms.channels.page.transport import PageTransport
from comms.channels.transport import Transport
from comms.clock import Clock
from comms.desk import Desk, House
from comms.plan.model import ChannelName, Plan
from comms.routes import Routes, only
from comms.throttle import Throttle
from storage import schema
from storage.book import SqlStore
from storage.clock import clock_for
from storage.connect import is_sqlite
from storage.database import Database
from storage.secrets import key_of
from storage.sole import sole_use
from storage.throttle import SqlThrottle

if TYPE_CHECKING:
    pass

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the app and a worker are both built from. `me` names this process among others."""

    me: str
    clock: Clock
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
async def parts_of(
    settings: Settings,
    plan: Plan | None,
    given: Clock | None,
    transports: Mapping[ChannelName, Transport] | None = None,
    throttle: Throttle | None = None,
) -> AsyncIterator[Parts]:
    plan = plan if plan is not None else await asyncio.to_thread(read_plan, settings)
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
            links = _links(settings, await database.write(partial(key_of, name="links")))
            postmarks = Postmarks(await database.write(partial(key_of, name="postmarks")))
            store = SqlStore(database, me=me)
            bells = Bells()
            house = House(
                plan=plan,
                loaded_at=clock.now(),
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
                lambda: desk.house.plan,
                connector=connector,
                store=store,
                page=page,
                throttle=throttle or SqlThrottle(database),
            )
            instead = {name: only(transport) for name, transport in (transports or {}).items()}
            yield Parts(
                me=me,
                clock=clock,
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


def _links(settings: Settings, own: bytes) -> Links:
    named = named_keys(settings.link_keys.get_secret_value() if settings.link_keys else "")
    first, *older = (own if key is None else key for key in named)
    return Links(key=first, older=older, base_url=settings.base_url or "")


def open_database(
    settings: Settings, *, committed: Callable[[int, float], None] = lambda _writes, _seconds: None
) -> Database:
    """Open the database; an embedded one is brought up to date, another is only checked."""
    database = Database(settings.database_url.get_secret_value(), committed=committed)
    if is_sqlite(database.url):
        schema.upgrade(database)
    schema.check(database)
    return database
