"""The clock of a shared database: leases and promises mean the same on every machine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session

from comms.clock import Clock, SystemClock
from comms.patience import patiently
from comms.supervise import running
from storage.connect import is_sqlite
from storage.database import Database

EVERY = timedelta(seconds=10)
"""How often the database is asked; in between a monotonic clock counts on."""


class DatabaseClock(SystemClock):
    """Tells the database's time, whatever the clock of this machine is set to.

    Two machines whose clocks differ by more than a lease would take each other's shards all the
    time, and a promise would be missed on one and open on the other.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked = (datetime.now(UTC), time.monotonic())

    def now(self) -> datetime:
        """The moment in UTC, as the database has it."""
        told, at = self._asked
        return told + timedelta(seconds=time.monotonic() - at)

    async def ask(self) -> None:
        """Set this clock by the database's. Unavailable where that does not answer."""
        before = time.monotonic()
        told = await self._database.read(_told)
        after = time.monotonic()
        self._asked = (told.astimezone(UTC), (before + after) / 2)

    async def follow(self) -> None:
        """Ask again and again, until cancelled."""
        while True:
            await self.sleep(EVERY)
            async for attempt in patiently("clock.follow"):
                with attempt:
                    await self.ask()


def _told(session: Session) -> datetime:
    moment: datetime = session.connection().execute(select(func.clock_timestamp())).scalar_one()
    return moment


@asynccontextmanager
async def clock_for(database: Database, given: Clock | None = None) -> AsyncIterator[Clock]:
    """Give the clock that all who share the database go by, and keep it right; `given` goes first.

    An embedded database is used by one machine: that machine's clock is as good.
    """
    if given is not None or is_sqlite(database.url):
        yield given or SystemClock()
        return
    clock = DatabaseClock(database)
    await clock.ask()
    async with running({"clock": clock.follow}):
        yield clock
