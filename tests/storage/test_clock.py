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


async def test_who_waits_for_a_moment_looks_again_also_when_the_clock_was_set_back_before() -> None:
    clock = SystemClock()
    clock.nap = 0.01

    await asyncio.wait_for(clock.sleep_until(clock.now() + timedelta(hours=1)), 60)


async def test_an_embedded_database_goes_by_its_machine(database: Database) -> None:
    async with clock_for(database) as clock:
        assert type(clock) is SystemClock


@pytest.mark.parametrize("kind", ["database", "postgres"])
async def test_a_clock_that_is_given_goes_first(kind: str, request: pytest.FixtureRequest) -> None:
    held = HeldClock()
    async with clock_for(request.getfixturevalue(kind), held) as clock:
        assert clock is held
