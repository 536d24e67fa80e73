"""An update: one numbered statement to its audiences, made from one CAN report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from comms.incident import Severity, Status
from comms.people import Person, Role
from comms.report import CanReport


class UpdateState(StrEnum):
    """draft → awaiting (some approvals given) → approved; or discarded."""

    DRAFT = "draft"
    AWAITING = "awaiting"
    APPROVED = "approved"
    DISCARDED = "discarded"

    @property
    def is_open(self) -> bool:
        """True while it can still be approved or replaced."""
        return self in {UpdateState.DRAFT, UpdateState.AWAITING}


class Kind(StrEnum):
    """What an update is to its readers; `comms.acts.kind` decides it from the incident's record."""

    FIRST = "first"
    UPDATE = "update"
    NO_CHANGE = "no_change"
    SEVERITY = "severity"
    CORRECTION = "correction"
    RESOLVED = "resolved"
    REVIEW = "review"

    @property
    def label(self) -> str:
        """The kind in words, as cards and the command line say it."""
        return _LABELS[self]


ENDS = frozenset({Kind.RESOLVED, Kind.REVIEW})
"""What is told when all is over."""

_LABELS = {
    Kind.FIRST: "First notice",
    Kind.UPDATE: "Update",
    Kind.NO_CHANGE: "No change",
    Kind.SEVERITY: "Severity change",
    Kind.CORRECTION: "Correction",
    Kind.RESOLVED: "Resolved",
    Kind.REVIEW: "Review published",
}


@dataclass(frozen=True, kw_only=True)
class Approval:
    """One person's yes to one hash, in the roles that the person has.

    `break_glass` holds the reason where the person approved without the roles that the plan asks;
    `override` the reason where they approved what lint blocks, as the plan lets them.
    `stands_in`: they were asked because whoever has the roles had not approved.
    """

    by: Person
    roles: frozenset[Role]
    hash: str
    at: datetime
    break_glass: str = ""
    override: str = ""
    stands_in: bool = False


@dataclass(frozen=True, kw_only=True)
class Update:
    """One update of one incident; numbers count from 1 without gaps.

    There is at most one open draft an incident: drafting again replaces it under the same number
    with a new hash, which makes every card that shows the old one stale. `promises` maps an
    audience to the printed 'next update by' (UTC); an audience that is not in it is promised
    none. `severity` is the incident's when it was drafted, `severity_was` what the update before
    told, where it was another. `asked` are those who may approve in place of who had not.
    `unchanged_since` (UTC) is when was told what a 'no change' repeats.
    """

    id: int
    incident: str
    number: int
    kind: Kind
    state: UpdateState
    report: CanReport
    status: Status
    severity: Severity
    audiences: tuple[str, ...]
    promises: Mapping[str, datetime]
    hash: str
    drafted_by: Person
    drafted_at: datetime
    approvals: tuple[Approval, ...] = field(default=())
    asked: tuple[Person, ...] = ()
    approved_at: datetime | None = None
    corrects: int | None = None
    severity_was: Severity | None = None
    unchanged_since: datetime | None = None
