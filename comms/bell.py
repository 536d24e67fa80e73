"""A bell that wakes a loop before its next due moment, and what it is rung for."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from comms.clock import Clock


class Topic(StrEnum):
    """What an act may leave to a loop."""

    OUTBOX = "outbox"
    TIMERS = "timers"
    PLANNING = "planning"
    FANOUT = "fanout"
    SOURCES = "sources"


class Bell:
    """Rung by whoever writes work; a ring while nobody waits is not lost."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the one who waits, or the next one who will."""
        self._rung.set()

    async def wait(self, clock: Clock, until: datetime | None) -> None:
        """Return when rung, or at `until` on that clock (None: only when rung)."""
        waits: set[asyncio.Future[object]] = {asyncio.ensure_future(self._rung.wait())}
        if until is not None:
            waits.add(asyncio.ensure_future(clock.sleep_until(until)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in waits:
                waiting.cancel()
                with suppress(asyncio.CancelledError):
                    await waiting
            self._rung.clear()
