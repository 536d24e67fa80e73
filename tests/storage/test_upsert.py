"""What may be kept once is kept once, on both databases; a second time is seen as one."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import Session

from comms.testing import HeldClock
from storage.database import Database
from storage.sightings import SqlSightings


@pytest.fixture(params=["database", "postgres"])
def kept_in(request: pytest.FixtureRequest) -> Database:
    """SQLite and Postgres."""
    database = request.getfixturevalue(request.param)
    assert isinstance(database, Database)
    return database


async def test_only_the_first_of_the_same_is_the_first(kept_in: Database, clock: HeldClock) -> None:
    def first(session: Session) -> bool:
        return SqlSightings(session).first("activity", now=clock.now())

    assert [await kept_in.write(first) for _ in range(3)] == [True, False, False]


async def test_of_many_at_the_same_moment_one_is_the_first(
    kept_in: Database, clock: HeldClock
) -> None:
    def first(session: Session) -> bool:
        return SqlSightings(session).first("activity", now=clock.now())

    found = await asyncio.gather(*(kept_in.write(first) for _ in range(8)))

    assert sorted(found) == [False] * 7 + [True]
