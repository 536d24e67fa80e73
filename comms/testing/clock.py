"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

MONDAY = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
"""A whole minute in working hours, so that printed promises are easy to read."""


class HeldClock:
    """Begins at `now` (UTC) and moves only by `advance`."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on and wake whoever sleeps until then; return the new moment.

        They run when the test next awaits something.
        """
        if by < timedelta(0):
            raise ValueError("a clock does not run backwards")
        self._now += by
        for moment, woken in self._sleepers:
            if moment <= self._now:
                woken.set()
        return self._now

    def turn_back(self, by: timedelta) -> datetime:
        """Set it back, as somebody does who sees that it is wrong; return the new moment.

        Whoever sleeps wakes, and looks again.
        """
        self._now -= by
        for _moment, woken in self._sleepers:
            woken.set()
        return self._now

    async def sleep(self, time: timedelta) -> None:
        """Return after so much time on this clock."""
        await self.sleep_until(self.now() + time)

    async def sleep_until(self, moment: datetime) -> None:
        """Return once `now()` is at or past `moment`."""
        if moment <= self._now:
            return
        sleeper = (moment, asyncio.Event())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)

    @property
    def sleepers(self) -> tuple[datetime, ...]:
        """Until when those who sleep sleep, soonest first."""
        return tuple(sorted(moment for moment, _ in self._sleepers))


class LeapingClock(HeldClock):
    """Leaps to the next moment that somebody sleeps for, as soon as nobody has anything to do.

    An hour of a program whose world is simulated passes in a second. All that it waits for must
    be this clock: what waits for a thread or a socket is leapt over.
    """

    TURNS = 32
    """Turns of the event loop after which nobody has anything to do; the longest chain of tasks
    that wake each other has to fit."""

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end and return what it returns. RuntimeError where it never ends."""
        task = asyncio.ensure_future(work)
        while True:
            for _ in range(self.TURNS):
                await asyncio.sleep(0)
                if task.done():
                    return task.result()
            if not self.sleepers:
                task.cancel()
                raise RuntimeError("everybody waits, and nobody for a moment on this clock")
            self.advance(max(self.sleepers[0] - self.now(), timedelta(0)))
