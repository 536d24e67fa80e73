"""A war room is opened once, whatever happens to the database between Teams and its note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from bot.edge.connector import Connector, open_session
from bot.edge.hosts import LOOPBACK, ServiceHosts
from bot.edge.tokens import NoTokens
from bot.room.hands import Hands
from comms.acts.rooms import arrive
from comms.book import Book, Store
from comms.desk import Desk, House
from comms.errors import Unavailable
from comms.outbox import Effect
from comms.room import Place
from comms.testing import HeldClock
from storage.book import SqlStore
from storage.database import Database
from tests.acting import declared, seen
from tests.bot.channel import Channel, open_channel
from tests.house import ADA

T = TypeVar("T")


@dataclass
class Away:
    """A store of which the next `writes` fail."""

    store: Store
    writes: int = 0

    async def read(self, work: Callable[[Book], T]) -> T:
        return await self.store.read(work)

    async def write(self, work: Callable[[Book], T], *, behind: bool = False) -> T:
        if self.writes:
            self.writes -= 1
            raise Unavailable("The database is locked by another program.")
        return await self.store.write(work, behind=behind)


async def test_a_room_that_was_begun_while_the_database_is_locked_is_begun_once(
    database: Database, house: House, clock: HeldClock
) -> None:
    store = Away(SqlStore(database))
    desk = Desk(store=store, house=house, clock=clock)
    async with open_channel() as channel, open_session() as session:
        connector = Connector(session, NoTokens(), ServiceHosts(LOOPBACK))
        hands = Hands(desk=desk, connector=connector, bot_id="28:sitrep").by_kind()
        await desk.do(arrive, ADA, "teams", somewhere(channel))
        incident = await declared(desk)
        store.writes = 2
        channel.answer = conversation

        effect = Effect(kind="room.open", key="open", incident=incident.key)
        await hands["room.open"](effect)
        await hands["room.open"](effect)

    assert [path for _, path, _ in channel.calls] == ["/amer/v3/conversations"]
    room = await seen(desk, lambda scene: scene.book.rooms.of(incident.key))
    assert room
    assert (room.place.conversation, room.card) == ("19:ops;messageid=1", "1")


def somewhere(channel: Channel) -> Place:
    return Place(conversation="19:ops", channel="19:ops", service_url=channel.service_url)


async def conversation(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"id": "19:ops;messageid=1", "activityId": "1"}, status=201)
