"""Messages of several audiences through one limit: the urgent overtake, the others wait."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from comms.throttle import Limit


@dataclass(frozen=True, kw_only=True)
class Job:
    """So many messages that are ready at `at` (UTC); a smaller `priority` goes first."""

    at: datetime
    priority: int
    messages: int


def drain(jobs: Sequence[Job], limit: Limit) -> tuple[datetime, ...]:
    """Return when the last message of each job, given in the order of `at`, leaves.

    What has begun stands back for what is more urgent, as the fan-out does between batches. While
    nothing waits, permits are saved up to the limit's burst; at the start all of it is there.
    """
    if not limit.rate:
        return tuple(job.at for job in jobs)
    line = _Line(limit)
    for number, job in enumerate(jobs):
        line.work_until(job.at)
        line.join(number, job)
    line.work_until(None)
    return tuple(line.done[number] for number in range(len(jobs)))


class _Line:
    """Who waits at a limit, most urgent first; `done` is when each job was through."""

    def __init__(self, limit: Limit) -> None:
        self.done: dict[int, datetime] = {}
        self._limit = limit
        self._saved = float(limit.burst)
        self._clock: datetime | None = None
        self._waiting: list[tuple[int, int]] = []
        self._left: dict[int, float] = {}

    def join(self, number: int, job: Job) -> None:
        """Wait, less what was saved up: that leaves at once."""
        at_once = min(self._saved, float(job.messages)) if not self._waiting else 0.0
        self._saved -= at_once
        self._clock = job.at
        self._left[number] = job.messages - at_once
        heapq.heappush(self._waiting, (job.priority, number))
        self.work_until(job.at)

    def work_until(self, until: datetime | None) -> None:
        """Let through what the rate allows by then; None: all."""
        while self._waiting and self._clock is not None:
            number = self._waiting[0][1]
            through = self._clock + timedelta(seconds=self._left[number] / self._limit.rate)
            if until is not None and through > until:
                self._left[number] -= (until - self._clock).total_seconds() * self._limit.rate
                self._clock = until
                return
            heapq.heappop(self._waiting)
            self.done[number] = self._clock = through
        if until is not None and self._clock is not None:
            idle = (until - self._clock).total_seconds()
            self._saved = min(self._saved + idle * self._limit.rate, float(self._limit.burst))
            self._clock = until
