"""An ask: a need of a CAN report, live in the war room until it is met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from comms.people import Person
from comms.report import Need


class AskState(StrEnum):
    """open → taken → met; dropped when the next report no longer needs it."""

    OPEN = "open"
    TAKEN = "taken"
    MET = "met"
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """`need` is what was written; `taken_by` who said 'I take it'. Times are UTC."""

    id: int
    incident: str
    need: Need
    raised_at: datetime
    state: AskState = AskState.OPEN
    taken_by: Person | None = None
    met_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """True while the response still waits for it."""
        return self.state in {AskState.OPEN, AskState.TAKEN}

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
