"""Time: passed in everywhere, UTC inside."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol

NAP = 30.0
"""Seconds, in real time, after which a clock that was set is noticed."""

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

    async def sleep_until(self, moment: datetime) -> None:
        """Return once `now()` is at or past `moment`; sooner where the clock is set back.

        Whoever waited looks again what the time is, and what is due.
        """
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        """Return once the moment has come, or when the clock was set back meanwhile."""
        # Short naps: the event loop's clock does not follow the wall clock when that is set.
        before = now = self.now()
        while before <= now < moment:
            await asyncio.sleep(min((moment - now).total_seconds(), NAP))
            before, now = now, self.now()
