"""News between processes on one Postgres: what an act left to do wakes the others, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlmodel import Session

from comms.bell import Topic
from comms.book import Book
from comms.outbox import Effect
from comms.testing import HeldClock
from comms.testing.clock import MONDAY
from comms.timer import Timer
from storage.book import SqlStore
from storage.database import Database
from storage.notify import Listener

PATIENCE = 60.0


class Ears:
    """What a listener was woken for, one entry a time."""

    def __init__(self) -> None:
        self._woken: asyncio.Queue[set[Topic]] = asyncio.Queue()

    def wake(self, topics: Iterable[Topic]) -> None:
        self._woken.put_nowait(set(topics))

    async def next(self) -> set[Topic]:
        """Return what it was woken for next."""
        async with asyncio.timeout(PATIENCE):
            return await self._woken.get()


@asynccontextmanager
async def listening(database: Database, *, me: str) -> AsyncIterator[Ears]:
    """Listen while the block runs; the waking with which every listener begins is over."""
    ears = Ears()
    running = asyncio.create_task(Listener(database.url, me=me, wake=ears.wake).run())
    try:
        assert await ears.next() == set(Topic)
        yield ears
    finally:
        running.cancel()
        await asyncio.wait([running])


def nudge(book: Book) -> None:
    """Leave something to the outbox."""
    book.outbox.put(Effect(kind="room.refresh", key="a", incident="INC-1"), now=MONDAY)


async def test_an_act_wakes_the_other_process_for_what_it_left_to_do(postgres: Database) -> None:
    async with listening(postgres, me="two") as two:
        await SqlStore(postgres, me="one").write(nudge)

        assert await two.next() == {Topic.OUTBOX}


async def test_nobody_is_woken_by_their_own_acts(postgres: Database, clock: HeldClock) -> None:
    def set_timer(book: Book) -> None:
        timer = Timer(key="t", due_at=clock.now(), kind="k", incident="INC-1", subject=1)
        book.timers.set([timer])

    async with listening(postgres, me="one") as one:
        await SqlStore(postgres, me="one").write(nudge)
        await SqlStore(postgres, me="two").write(set_timer)

        assert await one.next() == {Topic.TIMERS}


async def test_an_act_that_fails_wakes_nobody(postgres: Database) -> None:
    def fail(book: Book) -> None:
        nudge(book)
        raise LookupError

    async with listening(postgres, me="two") as two:
        with pytest.raises(LookupError):
            await SqlStore(postgres, me="one").write(fail)
        await SqlStore(postgres, me="one").write(nudge)

        assert await two.next() == {Topic.OUTBOX}
        assert two._woken.empty()


async def test_a_listener_that_loses_its_connection_begins_again_and_wakes_for_everything(
    postgres: Database,
) -> None:
    async with listening(postgres, me="two") as two:
        await postgres.write(hang_up)

        assert await two.next() == set(Topic)


async def test_acts_of_two_processes_run_one_at_a_time(postgres: Database) -> None:
    inside, most = 0, 0

    def act(_book: Book) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        # Long enough for another to come in between, where it could.
        _book.sightings.known("x")
        inside -= 1

    stores = [SqlStore(postgres, me=me) for me in ("one", "two")]
    await asyncio.gather(*(store.write(act) for store in stores * 20))

    assert most == 1


def hang_up(session: Session) -> None:
    """End every connection that listens, as a restart of the server would."""
    ended = session.connection().execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
    )
    assert ended.scalars().all() == [True]
