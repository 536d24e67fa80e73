"""The record of an incident: what was promised, sent, received and seen, as adherence counts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from comms.incident import Severity, Status
from comms.promise import Promise
from comms.update import Kind


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An update that went out. Times are UTC.

    `drafted_at` is when the text that was approved was written. `was_asked`: a role had to approve
    it, or the glass was broken.
    """

    number: int
    kind: Kind
    audiences: tuple[str, ...]
    drafted_at: datetime
    approved_at: datetime
    was_asked: bool = True


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Deliveries of all updates: `meant` leaves out what was suppressed or cancelled; of these,
    the transports have accepted `accepted`."""

    meant: int = 0
    accepted: int = 0


@dataclass(frozen=True, kw_only=True)
class Record:
    """One incident. Promises and updates are in the order in which they were made.

    `reach` and `seen` are by audience; `seen` counts each person once an update.
    """

    incident: str
    title: str
    severity: Severity
    status: Status
    declared_at: datetime
    resolved_at: datetime | None
    promises: tuple[Promise, ...] = ()
    sent: tuple[Sent, ...] = ()
    reach: Mapping[str, Reach] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whoever was promised or told something, first come first."""
        promised = (promise.audience for promise in self.promises)
        told = (name for sent in self.sent for name in sent.audiences)
        return tuple(dict.fromkeys((*promised, *told)))


class Records(Protocol):
    """Where records are read from."""

    def of(self, incident: str) -> Record:
        """The record of one incident, or NotFound."""
        ...

    def declared(self, begin: datetime, end: datetime) -> Iterator[Record]:
        """The records of what was declared from `begin` to before `end`, oldest first."""
        ...
