"""People and the roles that they take in an incident."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is responsible for during one incident.

    Nobody takes LEGAL in a war room: the plan names who approves for it.
    """

    INCIDENT_COMMANDER = "incident_commander"
    COMMS_LEAD = "comms_lead"
    SCRIBE = "scribe"
    LEGAL = "legal"

    @property
    def label(self) -> str:
        """The role as people read it: 'incident commander'."""
        return self.value.replace("_", " ")


TAKEABLE = (Role.INCIDENT_COMMANDER, Role.COMMS_LEAD, Role.SCRIBE)
"""The roles that a person takes, or is given, in an incident."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who acts. `id` is the stable identity: four eyes compares it.

    `email` may be empty for a person known only from Teams; `teams_id` is the connector's
    id of the account ('29:…'), by which a card can mention the person.
    """

    name: str
    email: str = ""
    entra_id: str = ""
    teams_id: str = ""

    @property
    def id(self) -> str:
        """Entra object id where known, else the address, else the Teams id, in lower case."""
        return (self.entra_id or self.email or self.teams_id or self.name).casefold()

    def is_same(self, other: Person) -> bool:
        """True when any identity that both carry is equal; names alone do not count."""
        pairs = (
            (self.entra_id, other.entra_id),
            (self.email, other.email),
            (self.teams_id, other.teams_id),
        )
        known = [(mine.casefold(), theirs.casefold()) for mine, theirs in pairs if mine and theirs]
        return any(mine == theirs for mine, theirs in known) or (not known and self.id == other.id)


SITREP = Person(name="Sitrep")
"""The product itself, where it acts by a timer."""
