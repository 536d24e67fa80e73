"""The writer's jobs: what people wait for goes first, what goes on behind them fills the rest."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

GROUP = 64
"""At most so many transactions share one commit."""

BEHIND = 4
"""At most so many of them are background work, so that nobody waits long for it."""

IN_A_ROW = 8
"""Commits that are only for people who wait, before background work has its turn all the same."""


@dataclass(frozen=True)
class Job:
    """A function to run in a transaction, and who is told what it returned."""

    work: Callable[[Connection], Any]
    done: Future[Any]


class Jobs:
    """A queue of two lanes for one taker."""

    def __init__(self) -> None:
        self._front: deque[Job] = deque()
        self._behind: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._in_a_row = 0

    def __len__(self) -> int:
        """How many wait."""
        with self._changed:
            return len(self._front) + len(self._behind)

    def put(self, job: Job, *, behind: bool) -> None:
        """Hand a job in."""
        with self._changed:
            (self._behind if behind else self._front).append(job)
            self._changed.notify()

    def close(self) -> None:
        """Nothing more comes; what was handed in is still taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self) -> list[Job]:
        """Wait for jobs and return those of the next commit; none: it is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._front or self._behind or self._closed)
            group = [self._front.popleft() for _ in range(min(GROUP, len(self._front)))]
            if group and self._in_a_row < IN_A_ROW:
                self._in_a_row += 1
                return group
            self._in_a_row = 0
            room = min(BEHIND, len(self._behind))
            return group + [self._behind.popleft() for _ in range(room)]
