"""A checklist in an incident: what its type and a role ask for, and what was ticked by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from comms.people import Person, Role
from comms.plan.conduct import Item


@dataclass(frozen=True, kw_only=True)
class Tick:
    """That somebody has ticked an item of a role's list. `at` is UTC."""

    incident: str
    role: Role
    item: str
    by: Person
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Line:
    """An item, and its tick once it has one."""

    item: Item
    tick: Tick | None = None


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """What the holder of a role looks at, in the plan's order."""

    role: Role
    lines: tuple[Line, ...]

    @property
    def done(self) -> int:
        """How many items are ticked."""
        return sum(line.tick is not None for line in self.lines)

    @property
    def last(self) -> Tick | None:
        """The tick that was made last."""
        ticks = [line.tick for line in self.lines if line.tick]
        return max(ticks, key=lambda tick: tick.at, default=None)


class Ticks(Protocol):
    """Where ticks are kept: at most one for an incident, role and item."""

    def add(self, tick: Tick) -> None:
        """Keep a tick."""
        ...

    def remove(self, tick: Tick) -> None:
        """Take a tick back."""
        ...

    def of(self, incident: str) -> tuple[Tick, ...]:
        """All of an incident, oldest first."""
        ...
