"""The letterbox: a mailbox in which what cannot be delivered arrives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A message that nobody has looked at yet. `id` is the mailbox's own name of it."""

    id: str
    raw: bytes


class LetterboxClosed(Exception):
    """The mailbox cannot be read at the moment; the text says why, without any secret.

    `again` is how long it asked to be left alone.
    """

    def __init__(self, why: str, *, again: timedelta | None = None) -> None:
        super().__init__(why)
        self.again = again


class Letterbox(Protocol):
    """Where messages arrive; `every` so often somebody looks.

    Both raise LetterboxClosed where it cannot be read.
    """

    @property
    def every(self) -> timedelta:
        """The time between two looks."""
        ...

    async def fetch(self, limit: int) -> Sequence[Arrived]:
        """Return the oldest messages that are not put away, at most so many."""
        ...

    async def put_away(self, ids: Sequence[str]) -> None:
        """These have been looked at: `fetch` does not give them again."""
        ...
