"""How an incident is judged and run: what severities and types mean, house rules, checklists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from comms.incident import Incident, IncidentType, Severity
from comms.people import Role


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """When an incident has a severity, in plain words. `short` is what a form has room for."""

    label: str
    short: str
    widespread: str
    severe: str


CRITERIA: Mapping[Severity, Criteria] = {
    Severity.SEV1: Criteria(
        label="critical",
        short="many cannot work or pay",
        widespread="Most users or a whole site; a single person where life or the law is at stake",
        severe="What they came for cannot be done and there is no way around it, or data is lost"
        " or exposed",
    ),
    Severity.SEV2: Criteria(
        label="major",
        short="an important part fails",
        widespread="A whole group: a region, a product, a large customer",
        severe="An important part fails or is too slow to use; the way around it is poor",
    ),
    Severity.SEV3: Criteria(
        label="minor",
        short="some are affected, work goes on",
        widespread="Some users, or now and then",
        severe="A nuisance: work goes on, or there is a good way around it",
    ),
    Severity.SEV4: Criteria(
        label="low",
        short="nobody outside notices",
        widespread="Nobody outside of the team",
        severe="Nothing fails yet: a reserve is gone, or a deadline comes near",
    ),
}
"""What severities mean where a plan does not say."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of a checklist. Its `id` stays for as long as its words do."""

    text: str

    @property
    def id(self) -> str:
        """Twelve digits of its words' hash."""
        return hashlib.sha256(self.text.encode(errors="surrogatepass")).hexdigest()[:12]


Checklists = Mapping[Role, tuple[Item, ...]]


@dataclass(frozen=True, kw_only=True)
class Nature:
    """What a type of incidents is, and what it asks for beside what all of them do."""

    label: str
    criteria: str = ""
    house_rules: tuple[str, ...] = ()
    checklists: Checklists = field(default_factory=dict)


NATURES: Mapping[IncidentType, Nature] = {
    kind: Nature(label=kind.label.capitalize()) for kind in IncidentType
}
"""What types are where a plan does not say."""


@dataclass(frozen=True, kw_only=True)
class Conduct:
    """`house_rules` and `checklists` are those of every incident; a type adds its own."""

    severities: Mapping[Severity, Criteria] = field(default_factory=lambda: CRITERIA)
    types: Mapping[IncidentType, Nature] = field(default_factory=lambda: NATURES)
    house_rules: tuple[str, ...] = ()
    checklists: Checklists = field(default_factory=dict)

    def rules_for(self, incident: Incident) -> tuple[str, ...]:
        """The house rules of its war room, those of its type first."""
        return tuple(dict.fromkeys((*self.types[incident.type].house_rules, *self.house_rules)))

    def checklist(self, incident: Incident, role: Role) -> tuple[Item, ...]:
        """What the holder of a role looks at, in order: first what its type asks for."""
        own = self.types[incident.type].checklists.get(role, ())
        return tuple(dict.fromkeys((*own, *self.checklists.get(role, ()))))
