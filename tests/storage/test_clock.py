"""The clock of a shared database: the same on every machine, whatever theirs is set to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from comms.clock import SystemClock
from comms.testing import HeldClock
from storage.clock import DatabaseClock, clock_for
from storage.database import Database

SECOND = timedelta(seconds=1)


async def test_the_time_is_the_databases(postgres: Database) -> None:
    clock = DatabaseClock(postgres)
    before = datetime.now(UTC)

    await clock.ask()

    assert before - SECOND < clock.now() < datetime.now(UTC) + SECOND


async def test_between_two_questions_a_clock_counts_on_that_nobody_can_set(
    postgres: Database,
) -> None:
    clock = DatabaseClock(postgres)
    await clock.ask()
    first = clock.now()

    await clock.sleep_until(first + SECOND / 20)

    assert SECOND / 20 <= clock.now() - first < SECOND


async def test_who_sleeps_wakes_when_the_clock_is_set_back() -> None:
    clock = Set()
    asleep = asyncio.create_task(clock.sleep_until(clock.now() + SECOND / 4))
    await asyncio.sleep(0)

    clock.ahead = timedelta(hours=-1)

    await asyncio.wait_for(asleep, 60)
    assert clock.now() < datetime.now(UTC) - timedelta(minutes=59)


class Set(SystemClock):
    """A machine's clock that is set."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def test_an_embedded_database_goes_by_its_machine(database: Database) -> None:
    async with clock_for(database) as clock:
        assert type(clock) is SystemClock


@pytest.mark.parametrize("kind", ["database", "postgres"])
async def test_a_clock_that_is_given_goes_first(kind: str, request: pytest.FixtureRequest) -> None:
    held = HeldClock()
    async with clock_for(request.getfixturevalue(kind), held) as clock:
        assert clock is held
