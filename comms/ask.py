"""An ask: a need of a CAN report, live in the war room until it is met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from comms.people import Person
from comms.report import Need

REMIND_AFTER = timedelta(minutes=30)
"""How long an ask that names no time may wait, and any ask after a reminder."""


class AskState(StrEnum):
    """open → taken → met; dropped when the next report no longer needs it.

    Whoever cannot gives it back: it is open again.
    """

    OPEN = "open"
    TAKEN = "taken"
    MET = "met"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """`need` is what was written; `taken_by` who said 'I take it', `declined_by` who said last
    that they cannot. Times are UTC."""

    id: int
    incident: str
    need: Need
    raised_at: datetime
    state: AskState = AskState.OPEN
    taken_by: Person | None = None
    declined_by: Person | None = None
    met_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """True while the response still waits for it."""
        return self.state in {AskState.OPEN, AskState.TAKEN}

    def remind_at(self, now: datetime) -> datetime:
        """When to remind of it next, seen from `now`: at its own time, else after a while."""
        by = self.need.by
        return by if by and by > now else now + REMIND_AFTER

    def as_need(self) -> Need:
        """The need as the next report carries it: owned by whoever took it."""
        return replace(self.need, owner=self.taken_by.name) if self.taken_by else self.need


class Asks(Protocol):
    """Where asks are kept."""

    def add(self, ask: Ask) -> Ask:
        """Keep a new ask; the returned one has its id."""
        ...

    def save(self, ask: Ask) -> None:
        """Keep what became of it."""
        ...

    def get(self, ask_id: int) -> Ask:
        """Return one ask, or raise NotFound."""
        ...

    def of(self, incident: str) -> tuple[Ask, ...]:
        """All asks of an incident, oldest first."""
        ...
