"""Time: passed in everywhere, UTC inside."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where `now` comes from: the system, a demo that runs at ×60, or a test that holds it."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return once `now()` is at or past `moment`."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        """Return once the moment has come, also when the machine's clock was set meanwhile."""
        # Short naps: the event loop's clock does not follow the wall clock when that is set.
        while (left := (moment - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(min(left, 30.0))
