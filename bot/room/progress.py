"""Reach as it grows, without a card update for every batch."""

from __future__ import annotations

import asyncio

from comms.acts.passing import follow
from comms.desk import Desk
from comms.ledger import Fanout
from comms.patience import patiently
from comms.people import SITREP


class Progress:
    """Told of every recorded batch; asks for the cards to be brought up to date now and then.

    A bot may post about one message a second to a thread (learn.microsoft.com:
    bots/how-to/rate-limit), and the war room has better uses for it.
    """

    def __init__(self, *, desk: Desk, pause: float = 2.0) -> None:
        self._desk = desk
        self._pause = pause
        self._moved: set[tuple[str, int]] = set()
        self._news = asyncio.Event()

    def moved(self, fanout: Fanout) -> None:
        """Some of the fan-out's deliveries have an outcome."""
        if fanout.is_update:
            self._moved.add((fanout.incident, fanout.update))
            self._news.set()

    async def run(self) -> None:
        """Ask for the cards until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            moved, self._moved = self._moved, set()
            for incident, number in sorted(moved):
                async for attempt in patiently("progress.waits"):
                    with attempt:
                        await self._desk.do(follow, SITREP, "timer", incident, number)
            await asyncio.sleep(self._pause)
