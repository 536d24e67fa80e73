"""Two replicas of the app on one Postgres, behind a Teams that delivers everything to both."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import text

from bot.api import Access
from bot.demo.cast import INES, RAVI
from bot.demo.clock import ScaledClock
from bot.demo.teams.rooms import BOT, Message
from bot.demo.teams.simulator import Simulator
from bot.demo.teams.wire import Reply, Wire
from bot.root import Product, sitrep
from bot.settings import Settings
from comms.desk import Scene
from comms.incident import Incident
from comms.people import SITREP
from storage.database import Database
from tests.bot.channel import serving
from tests.journeys.team import shown

T = TypeVar("T")

MINUTE = timedelta(minutes=1)

NUDGES = "SELECT count(*) FROM outbox WHERE kind = 'room.nudge'"


class BothWires(Wire):
    """Delivers each activity to both replicas at the same time; the first answer counts."""

    def __init__(self, session: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        super().__init__(session, urls[0])
        self._all = [Wire(session, url) for url in urls]

    async def once(self, activity: dict[str, Any]) -> Reply:
        replies = await asyncio.gather(*(wire.once(activity) for wire in self._all))
        return next((reply for reply in replies if reply.body), replies[0])


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Both replicas, their addresses, and the Teams that they share."""

    products: Sequence[Product]
    urls: Sequence[str]
    teams: Simulator
    clock: ScaledClock
    http: aiohttp.ClientSession

    async def read(self, look: Callable[[Scene], T]) -> T:
        """Look into the book."""
        return await self.products[0].desk.read(look, SITREP, "demo")

    async def becomes(self, look: Callable[[], T]) -> T:
        """Wait until Teams shows something."""
        async with asyncio.timeout(60):
            while not (found := look()):  # noqa: ASYNC110 (two products ring no bell here)
                await asyncio.sleep(0.02)
        return found

    async def carried(self) -> None:
        """Wait until nothing is left to be shown in Teams."""
        async with asyncio.timeout(60):
            while await self.read(lambda scene: scene.book.backlog.read(scene.now).effects):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def said(self) -> list[Message]:
        """All that the app has posted, newest first."""
        return [message for message in self.teams.rooms.newest() if message.sender == BOT]

    async def ask(self, replica: int, path: str, body: object = None) -> Any:
        """Ask one of the replicas."""
        how = "GET" if body is None else "POST"
        async with self.http.request(how, f"{self.urls[replica]}{path}", json=body) as answer:
            told = await (answer.json() if "json" in answer.content_type else answer.text())
            assert answer.ok, told
            return told


@pytest.fixture
async def pair(postgres: Database, tmp_path: Path) -> AsyncIterator[Pair]:
    """Two replicas with the same settings and the same time."""
    async with AsyncExitStack() as stack:
        clock = ScaledClock()
        settings = Settings(
            database_url=SecretStr(postgres.url),
            base_url="http://127.0.0.1",
            status_dir=tmp_path / "status",
        )
        products, urls = [], []
        for _ in range(2):
            running = sitrep(settings, clock=clock, access=Access(is_open=True))
            products.append(await stack.enter_async_context(running))
            urls.append(await stack.enter_async_context(serving(products[-1].app)))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        yield await stack.enter_async_context(_in_teams(products, urls, clock, http))


@asynccontextmanager
async def _in_teams(
    products: Sequence[Product],
    urls: Sequence[str],
    clock: ScaledClock,
    http: aiohttp.ClientSession,
) -> AsyncIterator[Pair]:
    """Add the app to a team."""
    listening = socket.create_server(("127.0.0.1", 0))
    teams = Simulator(
        wire=BothWires(http, [f"{url}/api/messages" for url in urls]),
        service_url=f"http://127.0.0.1:{listening.getsockname()[1]}/teams",
        clock=clock,
    )
    site = web.Application()
    site.add_subapp("/teams", teams.connector.app())
    runner = web.AppRunner(site, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        await teams.install(INES)
        yield Pair(products=products, urls=urls, teams=teams, clock=clock, http=http)
    finally:
        await runner.cleanup()


async def test_what_teams_delivers_to_both_is_acted_on_and_answered_once(pair: Pair) -> None:
    asked = [
        await pair.teams.say(RAVI, f"@Sitrep declare Outage {number} sev3") for number in range(6)
    ]

    for one in asked:
        await pair.becomes(partial(answers, one))
    found = await pair.read(lambda scene: scene.book.incidents.find(words="Outage", limit=99))
    assert Counter(incident.title for incident in found) == {f"Outage {n}": 1 for n in range(6)}
    assert [len(answers(one)) for one in asked] == [1] * 6


async def test_a_promise_is_nudged_for_and_missed_once(pair: Pair) -> None:
    key = await declared(pair)
    due = await pair.read(lambda s: min(p.due_at for p in s.book.promises.of(key) if p.is_owed))

    for moment in (due - MINUTE, due + MINUTE, due + 6 * MINUTE):
        await pair.carried()  # or the step would outlast the lease of whoever is posting
        pair.clock.step(max(moment - pair.clock.now(), timedelta()))
        before = len(nudges(pair))
        await pair.becomes(partial(more_nudges, pair, before))
    await asyncio.sleep(1)

    await pair.carried()
    written = await pair.products[0].database.read(
        lambda session: session.execute(text(NUDGES)).scalar_one()
    )
    assert len(nudges(pair)) == written
    told = await pair.read(lambda scene: [entry.kind for entry in scene.book.timeline.of(key)])
    missed = await pair.read(
        lambda s: [p for p in s.book.promises.of(key) if p.due_at < pair.clock.now()]
    )
    assert told.count("promise.missed") == len(missed) > 0


async def test_what_one_replica_does_shows_on_the_page_of_the_other_and_in_order_in_teams(
    pair: Pair,
) -> None:
    key = await declared(pair)
    names = [f"Scribe {number}" for number in range(12)]

    for number, name in enumerate(names):
        given = {"role": "scribe", "person": {"name": name, "email": f"{number}@example.org"}}
        await pair.ask(number % 2, f"/api/v1/incidents/{key}/roles", given)
        assert name in await pair.ask(1 - number % 2, f"/incidents/{key}")

    def is_last() -> bool:
        cards = [shown(message) for message in pair.said()]
        return any(names[-1] in card for card in cards)

    await pair.becomes(is_last)
    await asyncio.sleep(1)
    assert is_last()
    cards = "\n".join(shown(message) for message in pair.said())
    assert not any(f"{name}\n" in cards for name in names[1:-1]), "an older card came last"


async def declared(pair: Pair) -> str:
    """Declare a SEV1 in Teams; return its key once its war room is open."""
    asked = await pair.teams.say(RAVI, "@Sitrep declare Card payments fail sev1")
    await pair.becomes(lambda: answers(asked))

    def look(scene: Scene) -> Incident:
        [incident] = scene.book.incidents.find(words="Card payments", limit=9)
        return incident

    return (await pair.read(look)).key


def answers(asked: Message) -> list[Message]:
    """What the app has said in the same conversation that declares an incident."""
    said = [message for message in asked.room.messages if message.sender == BOT]
    return [message for message in said if "is declared" in shown(message)]


def more_nudges(pair: Pair, before: int) -> bool:
    """True once there are more than before."""
    return len(nudges(pair)) > before


def nudges(pair: Pair) -> list[Message]:
    """The cards that say that an update is due."""
    return [m for m in pair.said() if "due by" in shown(m) or "is overdue" in shown(m)]
