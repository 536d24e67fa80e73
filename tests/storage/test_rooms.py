"""Where the war rooms are: remembered, refreshed, found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from comms.room import Place, Room
from storage.database import Database
from storage.rooms import SqlRooms

T = TypeVar("T")

OPS = Place(
    conversation="19:ops",
    service_url="https://smba.example/emea/",
    tenant="t1",
    team="team1",
    channel="19:ops",
    name="Operations",
)
CHAT = Place(conversation="a:chat", service_url="https://smba.example/emea/", tenant="t1")


class Rooms:
    """Each step in a transaction of its own, as it happens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def do(self, work: Callable[[SqlRooms], T]) -> T:
        return await self._database.write(lambda session: work(SqlRooms(session)))


@pytest.fixture
def rooms(database: Database) -> Rooms:
    return Rooms(database)


async def test_war_rooms_open_in_the_channel_that_was_added_last(rooms: Rooms) -> None:
    assert await rooms.do(lambda book: book.home()) is None
    other = replace(OPS, conversation="19:other", channel="19:other")

    await rooms.do(lambda book: book.remember(OPS))
    await rooms.do(lambda book: book.remember(other))
    await rooms.do(lambda book: book.remember(CHAT))
    assert await rooms.do(lambda book: book.home()) == other

    # A word in an older channel refreshes its address and moves nothing.
    moved = replace(OPS, service_url="https://smba.example/amer/")
    await rooms.do(lambda book: book.remember(moved))
    assert await rooms.do(lambda book: book.home()) == other


async def test_a_room_is_found_by_its_incident_and_its_conversation(rooms: Rooms) -> None:
    await rooms.do(lambda book: book.declared_in("INC-1", CHAT))
    assert await rooms.do(lambda book: book.of("INC-1")) is None
    assert await rooms.do(lambda book: book.origin("INC-1")) == CHAT

    thread = replace(OPS, conversation="19:ops;messageid=1")
    room = Room(incident="INC-1", place=thread, card="1700")
    await rooms.do(lambda book: book.save(room))

    assert await rooms.do(lambda book: book.of("INC-1")) == room
    assert await rooms.do(lambda book: book.at(thread.conversation)) == "INC-1"
    assert await rooms.do(lambda book: book.at("19:elsewhere")) is None
    assert await rooms.do(lambda book: book.at("")) is None
    assert await rooms.do(lambda book: book.origin("INC-1")) == CHAT


async def test_a_card_is_kept_under_its_name_and_replaced(rooms: Rooms) -> None:
    assert await rooms.do(lambda book: book.card("INC-1", "ask:1")) is None

    await rooms.do(lambda book: book.keep_card("INC-1", "ask:1", "a"))
    await rooms.do(lambda book: book.keep_card("INC-1", "ask:1", "b"))
    await rooms.do(lambda book: book.keep_card("INC-2", "ask:1", "c"))

    assert await rooms.do(lambda book: book.card("INC-1", "ask:1")) == "b"
