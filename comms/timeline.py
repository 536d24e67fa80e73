"""The timeline: every step of an incident as people read it; and the audit of who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from comms.people import Person


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line: when (UTC), who, what kind of step, and the sentence.

    `kind` is a dotted name ('update.approved'); `facts` are the values behind the sentence.
    """

    incident: str
    at: datetime
    by: Person
    kind: str
    text: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    id: int = 0


class Timeline(Protocol):
    """Where entries are kept; nothing is ever changed or taken out."""

    def add(self, *entries: Entry) -> None:
        """Keep these entries, in this order."""
        ...

    def of(self, incident: str, *, after: int = 0) -> tuple[Entry, ...]:
        """The entries of an incident with an id above `after`, oldest first."""
        ...


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One line of the audit log: who did what to which thing, through which door.

    `via` is teams, api, cli or timer. `detail` holds values, never a body or a secret.
    """

    at: datetime
    by: Person
    via: str
    action: str
    subject: str
    detail: Mapping[str, str | int] = field(default_factory=dict)


class Audit(Protocol):
    """An append-only log; the database itself refuses a change."""

    def add(self, *deeds: Deed) -> None:
        """Keep these deeds, in this order."""
        ...

    def of(self, subject: str) -> tuple[Deed, ...]:
        """The deeds done to a thing, oldest first."""
        ...
