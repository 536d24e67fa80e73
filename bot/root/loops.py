"""The loops that run beside the app: sending, carrying out, collecting, handing shards out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot import identity
from bot.bounces import mailbox
from bot.bounces.reader import BounceReader
from bot.room.hands import Hands
from bot.root.parts import Parts
from bot.settings import Settings
from bot.sources.feed import FeedReader, feeds_of
from bot.sources.group import GroupReader
from bot.sources.refresher import Refresher
from bot.unsubscribing import stopped_by_mail
from comms.acts.bounces import strike_off
from comms.backlog import BY_WORKERS
from comms.channels.mail.azure.transport import AzureTransport
from comms.channels.mail.transport import MailTransport
from comms.channels.page.transport import PageTransport
from comms.clock import Clock
from comms.dispatcher import Dispatcher
from comms.errors import Unavailable
from comms.fanout import Runner, Slots, runners
from comms.lull import Lull
from comms.outbox import Carrier, Effect
from comms.people import SITREP
from comms.plan.model import ChannelName
from comms.routes import Routes
from comms.supervise import Loop
from comms.watch import watch
from storage.connect import is_sqlite
from storage.duty import Duty
from storage.lanes import SharedEffects
from storage.ledger import SqlLedger
from storage.outbox import SqlEffects

if TYPE_CHECKING:
    from storage.fanout_jobs import FanoutJobs

log = structlog.get_logger()


def senders_of(
    parts: Parts,
    names: Sequence[ChannelName],
    slots: Mapping[ChannelName, Slots],
) -> tuple[Runner, ...]:
    async def strike(deliveries: Sequence[int]) -> None:
        await parts.desk.do(strike_off, SITREP, "mail", deliveries)

    def holds(audience: str) -> bool:
        """By the plan that is in use at the moment."""
        return parts.desk.house.plan.holds_unknown(audience)

    return runners(
        {name: parts.routes[name] for name in names},
        ledger=SqlLedger(parts.database),
        clock=parts.clock,
        bells=parts.bells.lanes,
        owner=parts.me,
        slots=slots,
        holds=holds,
        progressed=parts.progress.moved,
        refused=strike,
        meters=parts.meters,
        watch=watch(parts.desk),
    )


@asynccontextmanager
async def carrying(
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
async def collecting(settings: Settings, parts: Parts) -> AsyncIterator[Mapping[str, Loop]]:
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
async def refreshing(settings: Settings, parts: Parts) -> AsyncIterator[Mapping[str, Loop]]:
    """Give the loop that reads the sources of people: one process does, of all there are."""
    calendars = FeedReader(feeds_of(settings))
    duty = Duty(parts.database, "sources", me=parts.me)
    refresher = Refresher(
        desk=parts.desk,
        clock=parts.clock,
        bell=parts.bells.sources,
        groups=GroupReader(
            url=settings.graph_url,
            session=parts.session,
            tokens=partial(identity.group_tokens, settings),
            clock=parts.clock,
        ),
        calendars=calendars,
        turn=duty.is_ours,
    )
    try:
        yield {"sources": refresher.run}
    finally:
        await calendars.close()
        with suppress(Unavailable):  # the lease ends by itself
            await duty.release()


@asynccontextmanager
async def dispatching(parts: Parts) -> AsyncIterator[Mapping[str, Loop]]:
    """Give the loops that hand the ledger's shards to workers: none on SQLite."""
    if is_sqlite(parts.database.url):
        yield {}
        return
    from storage.fanout_jobs import FanoutJobs  # noqa: PLC0415 - 15 MB that SQLite does not need

    jobs = FanoutJobs(parts.database.url)
    async with jobs.opened():
        yield dispatcher_loops(parts, jobs)


def dispatcher_loops(parts: Parts, jobs: FanoutJobs) -> Mapping[str, Loop]:
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


async def close_mail(routes: Mapping[ChannelName, Routes]) -> None:
    for route in routes[ChannelName.MAIL].by_name.values():
        if isinstance(route.transport, MailTransport | AzureTransport):
            await route.transport.close()


def bot_id(settings: Settings) -> str:
    """The bot's account in Teams: '28:' and its app id."""
    return f"28:{settings.bot_app_id}" if settings.bot_app_id else "sitrep"


async def _refresh(page: PageTransport, clock: Clock, _effect: Effect) -> None:
    await page.refresh(clock.now())
