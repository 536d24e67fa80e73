"""A clock that runs at ×60, pauses and steps, and still tells one consistent UTC time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic


class ScaledClock:
    """Demo time, as `comms.clock.Clock`: it starts at `start` and runs at `speed` × real time.

    A sleeper wakes when demo time reaches its moment, however pauses, steps and changes of speed
    brought it there. `ticks` is the real time in seconds; tests hold it.
    """

    def __init__(
        self,
        start: datetime | None = None,
        *,
        speed: float = 1.0,
        running: bool = True,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._ticks = ticks
        self._base = start or datetime.now(UTC)
        self._since = ticks()
        self._speed = speed
        self._running = running
        self._holds = 0
        self._turned = asyncio.Event()

    @property
    def speed(self) -> float:
        """Demo seconds in one real second while it runs."""
        return self._speed

    @property
    def running(self) -> bool:
        """False while paused."""
        return self._running

    def now(self) -> datetime:
        """The demo's moment, in UTC."""
        if not self._moves:
            return self._base
        return self._base + timedelta(seconds=(self._ticks() - self._since) * self._speed)

    async def sleep(self, time: timedelta) -> None:
        """Return after so much time on this clock."""
        await self.sleep_until(self.now() + time)

    async def sleep_until(self, moment: datetime) -> None:
        """Return once demo time is at or past `moment`."""
        while (left := (moment - self.now()).total_seconds()) > 0:
            turned = self._turned
            patience = left / self._speed if self._moves else None
            try:
                async with asyncio.timeout(patience):
                    await turned.wait()
            except TimeoutError:
                continue

    def play(self, speed: float | None = None) -> None:
        """Run, at another speed where one is given."""
        self._turn(speed=self._speed if speed is None else speed, running=True)

    def pause(self) -> None:
        """Stand still; `now()` stays what it is."""
        self._turn(speed=self._speed, running=False)

    def step(self, by: timedelta) -> None:
        """Jump forward; whoever sleeps until a moment on the way wakes."""
        self._turn(speed=self._speed, running=self._running, by=by)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stand still for as long as the block runs, whether it is paused or not."""
        self._hold(1)
        try:
            yield
        finally:
            self._hold(-1)

    @property
    def _moves(self) -> bool:
        return self._running and not self._holds

    def _hold(self, change: int) -> None:
        self._base = self.now()
        self._since = self._ticks()
        self._holds += change
        self._wake()

    def _turn(self, *, speed: float, running: bool, by: timedelta = timedelta(0)) -> None:
        if speed <= 0 or by < timedelta(0):
            raise ValueError("time runs forward only")
        self._base = self.now() + by
        self._since = self._ticks()
        self._speed, self._running = speed, running
        self._wake()

    def _wake(self) -> None:
        # Each sleeper holds the event it waits on; a fresh one serves those that come later.
        self._turned.set()
        self._turned = asyncio.Event()
