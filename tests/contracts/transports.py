"""The transports that keep the contract: the fake, and Teams against the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import ClientSession, web

from bot.demo.cast import INES
from bot.demo.feed import Feed
from bot.demo.tag import tag_of
from bot.demo.teams.cards import card_of
from bot.demo.teams.limits import Throttle
from bot.demo.teams.rooms import BOT, Json
from bot.demo.teams.simulator import Simulator
from bot.demo.teams.wire import Wire
from bot.edge.connector import Connector, Patience, open_session
from bot.edge.hosts import LOOPBACK, ServiceHosts
from bot.edge.tokens import NoTokens
from bot.room.transport import TeamsTransport
from comms.channels.transport import Transport
from comms.clock import Clock, SystemClock
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.room import Place, Room
from comms.testing import FakeTransport
from comms.testing.transport import accept
from storage.book import SqlStore
from storage.database import Database
from tests.bot.channel import serving


class Rig(Protocol):
    """A transport and the far side of it."""

    @property
    def transport(self) -> Transport: ...

    async def place(self) -> str:
        """Make a place that takes what is sent; return its address."""
        ...

    async def gone(self) -> str:
        """Return the address of a place that is not there any more."""
        ...

    async def not_yet(self) -> str:
        """Return the address of a place that may be there soon."""
        ...

    def received(self, address: str) -> list[tuple[str, int]]:
        """The audience and the update of each statement that has arrived there."""
        ...


@dataclass
class FakeRig:
    """The fake and its rule."""

    transport: FakeTransport = field(default_factory=FakeTransport)
    refusals: dict[str, Reason] = field(default_factory=dict)
    places: int = 0

    def __post_init__(self) -> None:
        self.transport.rule = self._answer

    async def place(self) -> str:
        self.places += 1
        return f"place:{self.places}"

    async def gone(self) -> str:
        return await self._refusing(Reason.GONE)

    async def not_yet(self) -> str:
        return await self._refusing(Reason.UNREACHABLE)

    def received(self, address: str) -> list[tuple[str, int]]:
        return [
            (statement.audience, statement.update)
            for statement, delivery in self.transport.sent
            if delivery.address == address and address not in self.refusals
        ]

    async def _refusing(self, reason: Reason) -> str:
        address = await self.place()
        self.refusals[address] = reason
        return address

    def _answer(self, delivery: Delivery) -> Outcome:
        reason = self.refusals.get(delivery.address)
        if reason is None:
            return accept(delivery)
        return Outcome(delivery=delivery.id, state=DeliveryState.REJECTED, reason=reason)


@dataclass
class TeamsRig:
    """The Teams transport over HTTP, and the simulator's connector."""

    transport: TeamsTransport
    teams: Simulator
    store: SqlStore
    service_url: str
    clock: Clock
    rooms: dict[str, str] = field(default_factory=dict)

    async def place(self) -> str:
        begun = self.teams.rooms.start_thread(BOT, {}, at=self.clock.now())
        return await self._room(begun.room.id)

    async def gone(self) -> str:
        return await self._room("19:deleted@thread.tacv2;messageid=1")

    async def not_yet(self) -> str:
        return "room:INC-4711"

    async def chat(self, address: str) -> None:
        """Somebody of that address has a chat with the app."""
        room = self.teams.rooms.chat(INES)
        self.rooms[address] = room.id
        place = Place(conversation=room.id, service_url=self.service_url)
        await self.store.write(lambda book: book.chats.keep(address, place))

    def received(self, address: str) -> list[tuple[str, int]]:
        tags = [tag_of(activity) for activity in self.posted(address)]
        return [(tag.audience, tag.update) for tag in tags if tag]

    def posted(self, address: str) -> list[Json]:
        """What has arrived there, as Teams keeps it."""
        key = address.removeprefix("room:")
        room = self.teams.rooms.find(self.rooms[key])
        assert room
        return [one.activity for one in room.messages if card_of(one.activity)]

    async def _room(self, conversation: str) -> str:
        key = f"INC-{len(self.rooms) + 1}"
        self.rooms[key] = conversation
        place = Place(conversation=conversation, service_url=self.service_url)
        await self.store.write(
            lambda book: book.rooms.save(Room(incident=key, place=place, card="1"))
        )
        return f"room:{key}"


@asynccontextmanager
async def teams_rig(
    database: Database, *, throttle: Throttle | None = None
) -> AsyncIterator[TeamsRig]:
    """Serve a simulator, and build the transport as the product does."""
    clock, store = SystemClock(), SqlStore(database)
    async with open_session() as session, ClientSession() as people:
        connector = Connector(
            session, NoTokens(), ServiceHosts(LOOPBACK), patience=Patience(attempts=1)
        )
        teams = Simulator(
            wire=Wire(people, "http://127.0.0.1:1"),
            service_url="",
            clock=clock,
            feed=Feed(),
            throttle=throttle,
        )
        teams.connector.installed = True
        app = web.Application()
        app.add_subapp("/teams", teams.connector.app())
        async with serving(app) as url:
            yield TeamsRig(
                transport=TeamsTransport(connector=connector, store=store),
                teams=teams,
                store=store,
                service_url=f"{url}/teams",
                clock=clock,
            )


def delivery(number: int, address: str) -> Delivery:
    """A delivery of update 3 to that address."""
    return Delivery(id=number, key=f"INC-41:3:{number}", address=address)


def by_delivery(outcomes: list[Outcome]) -> dict[int, Outcome]:
    """The outcome of each delivery; it fails where there are two of one."""
    found = {outcome.delivery: outcome for outcome in outcomes}
    assert len(found) == len(outcomes)
    return found
