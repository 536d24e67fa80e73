"""One thing that is wrong with a plan file, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`line` and `column` count from 1 (0: the file as a whole); `field` is dotted, or empty."""

    source: str
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}:{self.column}" if self.line else self.source
        return ": ".join(part for part in (place, self.field, self.message) if part)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ' Did you mean …?' with the known name nearest to a mistyped one, or nothing."""
    names = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), names, n=1, cutoff=0.6)
    return f" Did you mean {names[close[0]]!r}?" if close else ""
