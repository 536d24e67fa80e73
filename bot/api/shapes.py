"""The shapes that several routes share: bases, times, people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from comms import text
from comms.errors import SitrepError
from comms.people import Person
from comms.recipient import checked_address


class Given(BaseModel):
    """What a caller sends: exactly the fields that are known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """What the API answers; made from the engine's own dataclasses."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


def _utc(moment: datetime) -> datetime:
    # Years that no incident has would overflow where the time is shown in another zone.
    if not 2000 <= moment.year <= 2200:
        raise ValueError("Write a time between the years 2000 and 2200.")
    return moment.astimezone(UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A time with its zone, kept in UTC."""

Stamp = Annotated[datetime, PlainSerializer(_iso, return_type=str)]
"""A time as the API tells it: UTC, RFC 3339."""

Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A language (BCP 47): de, pt-BR."""

Text = Annotated[str, StringConstraints(max_length=text.TEXT_LIMIT)]
Line = Annotated[str, StringConstraints(max_length=text.LINE_LIMIT)]


def _address(value: str) -> str:
    try:
        return checked_address(value)
    except SitrepError as wrong:
        raise ValueError(wrong.detail) from None


Address = Annotated[str, StringConstraints(max_length=254), AfterValidator(_address)]


class PersonGiven(Given):
    """Somebody, named by an address."""

    email: Address
    name: Line = Field(default="", description="Shown to people; the address where it is empty.")
    entra_id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{0,64}$")] = Field(
        default="", description="The object id in Entra, where it is known."
    )

    def person(self) -> Person:
        """The engine's person."""
        name = text.line(self.name, pointer="/person/name") or self.email
        return Person(name=name, email=self.email, entra_id=self.entra_id)


class PersonTold(Told):
    """Somebody who acted or holds a role."""

    name: str
    email: str
    entra_id: str
