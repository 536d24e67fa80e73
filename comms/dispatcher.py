"""The dispatcher: sees to it that every shard that waits has a job, on several machines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from comms.bell import Bell
from comms.clock import Clock
from comms.ledger import Ledger
from comms.patience import patiently
from comms.plan.model import ChannelName

log = structlog.get_logger()

PAUSE = timedelta(seconds=0.2)
"""At least so long between two looks, however often the bell is rung."""

AGAIN = timedelta(seconds=1)
"""The next look while something waits: a job may have been lost, a shard given back."""

AT_LAST = timedelta(seconds=30)
"""The next look even where nobody rang and nothing seems to be due."""


class Jobs(Protocol):
    """The job engine, as the dispatcher sees it."""

    async def enough(self, channel: ChannelName, now: datetime) -> int:
        """Defer a job for each shard that is due and free and has none; return how many."""
        ...


class Dispatcher:
    """Closes the gap between the ledger, which is true, and the jobs, which only wake.

    It runs in every process, so rows that were committed by one that is gone are found too.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        ledger: Ledger,
        channels: Sequence[ChannelName],
        clock: Clock,
        bell: Bell,
    ) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._channels = channels
        self._clock = clock
        self._bell = bell

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            async for attempt in patiently("dispatcher.waits"):
                with attempt:
                    look_again = await self.look()
            await self._clock.sleep(PAUSE)
            await self._bell.wait(self._clock, look_again)

    async def look(self) -> datetime:
        """Defer the jobs that are missing; return when to look again."""
        now = self._clock.now()
        dues = []
        for channel in self._channels:
            if deferred := await self._jobs.enough(channel, now):
                log.info("jobs.deferred", channel=channel.value, jobs=deferred)
            dues.append(await self._ledger.next_due(channel))
        soonest = min((due for due in dues if due), default=now + AT_LAST)
        return min(max(soonest, now + AGAIN), now + AT_LAST)
