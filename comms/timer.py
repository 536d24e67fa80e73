"""A timer: something that is due at a moment, kept over restarts and fired once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Timer:
    """`key` is unique; setting it again moves it and raises `generation`.

    What a timer causes is written in the transaction that removes it, so it happens once.
    """

    key: str
    due_at: datetime
    kind: str
    incident: str
    subject: int = 0
    generation: int = 0


class Timers(Protocol):
    """Where timers are kept."""

    def set(self, timers: Sequence[Timer]) -> None:
        """Set or move the timers of these keys."""
        ...

    def start(self, timers: Sequence[Timer]) -> None:
        """Set those of these timers whose keys are not set yet; the others stay as they are."""
        ...

    def cancel(self, prefix: str) -> None:
        """Forget all timers whose key begins with `prefix`."""
        ...

    def due(self, now: datetime, *, kinds: Sequence[str], limit: int) -> tuple[Timer, ...]:
        """Take out and return the timers of these kinds that are due, earliest first."""
        ...

    def next_due(self, kinds: Sequence[str]) -> datetime | None:
        """When the earliest timer of these kinds is due."""
        ...
