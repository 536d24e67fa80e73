"""Time: passed in everywhere, UTC inside."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol

SINCE_EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Since when that is due which nobody has tried yet: also after the clock was set back."""


def lies_ahead(moment: datetime | None, now: datetime, *, at_most: timedelta) -> bool:
    """True while a moment is still to come.

    One that lies further ahead than it may was set before the clock was set back: it has come.
    """
    return moment is not None and now < moment <= now + at_most


class Clock(Protocol):
    """Where `now` comes from: the system, a demo that runs at ×60, or a test that holds it."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    async def sleep(self, time: timedelta) -> None:
        """Return after so much time, whatever the clock is set to meanwhile."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return once `now()` is at or past `moment`, or sooner: whoever waited looks again what
        the time is, and what is due.

        A moment may lie an hour further ahead than whoever named it thought: the clock was set
        back, perhaps before the wait began.
        """
        ...


class SystemClock:
    """The machine's clock."""

    nap = 30.0
    """Seconds after which whoever waits for a moment looks again: the clock may have been set."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, time: timedelta) -> None:
        """Return after so much time."""
        await asyncio.sleep(time.total_seconds())

    async def sleep_until(self, moment: datetime) -> None:
        """Return once the moment has come, or after a nap."""
        await asyncio.sleep(min((moment - self.now()).total_seconds(), self.nap))
