"""What a plan file may say of severities, types, house rules and checklists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from comms.incident import IncidentType, Severity
from comms.people import TAKEABLE
from comms.plan.conduct import CRITERIA, NATURES, Checklists, Conduct, Criteria, Item, Nature
from comms.plan.entry import Strict, refuse_doubles
from comms.plan.values import one_line

SHORT = 60
LONG = 200
ITEMS = 12
"""Lines of a list: what is longer is not read while something burns."""


def _each_once(lines: list[str]) -> list[str]:
    refuse_doubles(lines)
    return lines


Word = Annotated[str, StringConstraints(max_length=24), AfterValidator(one_line)]
Phrase = Annotated[str, StringConstraints(max_length=SHORT), AfterValidator(one_line)]
Sentence = Annotated[str, StringConstraints(max_length=LONG), AfterValidator(one_line)]
Lines = Annotated[list[Sentence], Field(max_length=ITEMS), AfterValidator(_each_once)]


class SeverityEntry(Strict):
    """When an incident has this severity; what is left out is as Sitrep says it."""

    label: Word | None = Field(default=None, description="One word: critical, major.")
    criteria: Phrase | None = Field(
        default=None, description="What whoever declares reads beside it, in a few words."
    )
    widespread: Sentence | None = Field(default=None, description="Who is affected, and how many.")
    severe: Sentence | None = Field(default=None, description="How badly.")


class SeveritiesEntry(Strict):
    """What each severity means."""

    SEV1: SeverityEntry = Field(default_factory=SeverityEntry)
    SEV2: SeverityEntry = Field(default_factory=SeverityEntry)
    SEV3: SeverityEntry = Field(default_factory=SeverityEntry)
    SEV4: SeverityEntry = Field(default_factory=SeverityEntry)


class ChecklistsEntry(Strict):
    """What the holder of each role looks at, in this order."""

    incident_commander: Lines = Field(default_factory=list)
    comms_lead: Lines = Field(default_factory=list)
    scribe: Lines = Field(default_factory=list)


class TypeEntry(Strict):
    """What a type of incidents is, and what it asks for beside what all of them do."""

    label: Phrase | None = Field(default=None, description="How people call it.")
    criteria: Sentence = Field(default="", description="When an incident is of this type.")
    house_rules: Lines = Field(
        default_factory=list, description="Of its war rooms, beside the plan's."
    )
    checklists: ChecklistsEntry = Field(
        default_factory=ChecklistsEntry, description="Before the plan's own."
    )


class TypesEntry(Strict):
    """What each type means."""

    service: TypeEntry = Field(default_factory=TypeEntry)
    security: TypeEntry = Field(default_factory=TypeEntry)
    business_continuity: TypeEntry = Field(default_factory=TypeEntry)


def conduct(
    *,
    severities: SeveritiesEntry,
    types: TypesEntry,
    house_rules: Iterable[str],
    checklists: ChecklistsEntry,
) -> Conduct:
    """Return the engine's conduct of what a plan file says."""
    return Conduct(
        severities={one: _criteria(one, getattr(severities, one.value)) for one in Severity},
        types={one: _nature(one, getattr(types, one.value)) for one in IncidentType},
        house_rules=tuple(house_rules),
        checklists=_checklists(checklists),
    )


def _criteria(severity: Severity, entry: SeverityEntry) -> Criteria:
    said: dict[str, Any] = {
        "label": entry.label,
        "short": entry.criteria,
        "widespread": entry.widespread,
        "severe": entry.severe,
    }
    return replace(CRITERIA[severity], **{name: words for name, words in said.items() if words})


def _nature(type_: IncidentType, entry: TypeEntry) -> Nature:
    return Nature(
        label=entry.label or NATURES[type_].label,
        criteria=entry.criteria,
        house_rules=tuple(entry.house_rules),
        checklists=_checklists(entry.checklists),
    )


def _checklists(entry: ChecklistsEntry) -> Checklists:
    return {
        role: tuple(Item(text=line) for line in getattr(entry, role.value)) for role in TAKEABLE
    }
