"""What a plan file may say of a service, and the engine's service of it."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from comms.people import Person, Role
from comms.plan.cadence_entry import OwnCadence, own_cadences
from comms.plan.catalogue import Own, Service
from comms.plan.entry import PersonEntry, Strict, refuse_doubles
from comms.plan.model import ChannelName
from comms.plan.values import Channel, Line, Name, RoleName, one_line


class OwnEntry(Strict):
    """What holds for an audience while the service is hit; what is left out stays as it is."""

    channels: list[Channel] | None = Field(
        default=None, min_length=1, max_length=8, description="In place of the audience's."
    )
    approval: list[RoleName] | None = Field(
        default=None, description="The roles that must each approve, in place of the audience's."
    )
    cadence: OwnCadence = Field(
        default_factory=OwnCadence, description="At each severity that it names."
    )

    @field_validator("channels", "approval")
    @classmethod
    def _each_once(
        cls, names: list[ChannelName] | list[Role] | None
    ) -> list[ChannelName] | list[Role] | None:
        refuse_doubles(list(names or ()))
        return names


def _without_comma(label: str) -> str:
    if "," in label:
        raise ValueError("a comma separates services where people type them; leave it out")
    return label


Label = Annotated[
    str, StringConstraints(max_length=80), AfterValidator(one_line), AfterValidator(_without_comma)
]


class ServiceEntry(Strict):
    """Something that an incident can hit."""

    label: Label = Field(default="", description="How people call it; without it, its name.")
    owner: Line = Field(default="", description="The team whose it is.")
    bring_in: list[PersonEntry] = Field(
        default_factory=list, max_length=20, description="Whom an incident of it needs."
    )
    components: list[Line] = Field(
        default_factory=list,
        max_length=20,
        description="What customers know it by on the status page.",
    )
    dependants: list[Name] = Field(
        default_factory=list, max_length=100, description="The services that suffer with it."
    )
    audiences: dict[Name, OwnEntry] = Field(
        default_factory=dict, description="Where its plan is another, by audience."
    )

    @field_validator("dependants", "components")
    @classmethod
    def _each_name_once(cls, names: list[str]) -> list[str]:
        refuse_doubles(names)
        return names


def service(name: str, entry: ServiceEntry, zone: ZoneInfo) -> Service:
    """Return the service of that name as the engine uses it. `zone` is the plan's."""
    return Service(
        name=name,
        label=entry.label or name,
        owner=entry.owner,
        bring_in=tuple(Person(**person.model_dump()) for person in entry.bring_in),
        components=tuple(entry.components),
        dependants=tuple(entry.dependants),
        audiences={audience: _own(own, zone) for audience, own in entry.audiences.items()},
    )


def _own(entry: OwnEntry, zone: ZoneInfo) -> Own:
    return Own(
        cadence=own_cadences(entry.cadence, zone),
        approval=None if entry.approval is None else tuple(entry.approval),
        channels=tuple(entry.channels) if entry.channels else None,
    )
