"""An incident: its type, its severity and the moves that its life allows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from comms.errors import Conflict
from comms.people import Person, Role
from comms.plan_version import PlanVersion


class IncidentType(StrEnum):
    """What kind of harm it is."""

    SERVICE = "service"
    SECURITY = "security"
    CONTINUITY = "business_continuity"

    @property
    def label(self) -> str:
        """The type as people read it: 'business continuity'."""
        return self.value.replace("_", " ")


class Severity(StrEnum):
    """SEV1 is the worst."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"

    @property
    def rank(self) -> int:
        """1 for SEV1 to 4 for SEV4: a smaller rank goes first."""
        return int(self.value[-1])


class Status(StrEnum):
    """Where an incident is in its life."""

    TRIAGE = "triage"
    DECLARED = "declared"
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    REVIEWED = "reviewed"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """True while people still work on it and updates are promised."""
        return self in OPEN


OPEN = frozenset(
    {
        Status.TRIAGE,
        Status.DECLARED,
        Status.INVESTIGATING,
        Status.IDENTIFIED,
        Status.MONITORING,
    }
)

MOVES: dict[Status, frozenset[Status]] = {
    Status.TRIAGE: frozenset({Status.DECLARED, Status.CLOSED}),
    Status.DECLARED: frozenset(
        {Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING, Status.RESOLVED}
    ),
    Status.INVESTIGATING: frozenset({Status.IDENTIFIED, Status.MONITORING, Status.RESOLVED}),
    Status.IDENTIFIED: frozenset({Status.INVESTIGATING, Status.MONITORING, Status.RESOLVED}),
    Status.MONITORING: frozenset({Status.INVESTIGATING, Status.IDENTIFIED, Status.RESOLVED}),
    # It came back: the same incident goes on, with the same readers and numbers.
    Status.RESOLVED: frozenset({Status.INVESTIGATING, Status.REVIEWED}),
    Status.REVIEWED: frozenset({Status.CLOSED}),
    Status.CLOSED: frozenset(),
}


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One incident. All times are UTC. `key` ('INC-41') is how people name it.

    A `drill` is an exercise: all that is told of it says so, and nobody outside is told.
    `plans` are the versions of the communication plan that it has run under, the last one now.
    """

    id: int
    key: str
    title: str
    severity: Severity
    status: Status
    type: IncidentType = IncidentType.SERVICE
    summary: str = ""
    services: tuple[str, ...] = ()
    declared_by: Person
    declared_at: datetime
    resolved_at: datetime | None = None
    roles: dict[Role, Person] = field(default_factory=dict)
    drill: bool = False
    plans: tuple[PlanVersion, ...] = ()

    def holder(self, role: Role) -> Person | None:
        """Who holds the role now."""
        return self.roles.get(role)

    def roles_of(self, person: Person) -> frozenset[Role]:
        """The roles that this person holds."""
        return frozenset(role for role, held in self.roles.items() if held.is_same(person))


def move(incident: Incident, to: Status, *, now: datetime) -> Incident:
    """Return the incident in status `to`; a Conflict names the moves that are allowed."""
    if to is incident.status:
        return incident
    if to not in MOVES[incident.status]:
        allowed = ", ".join(sorted(MOVES[incident.status])) or "nothing: it is final"
        raise Conflict(
            f"{incident.key} is {incident.status}; it cannot become {to}. Allowed: {allowed}.",
            pointer="/status",
        )
    if to is Status.RESOLVED:
        return replace(incident, status=to, resolved_at=now)
    if to.is_open:
        return replace(incident, status=to, resolved_at=None)
    return replace(incident, status=to)
