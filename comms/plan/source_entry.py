"""What a plan file may say of sources: a group, a rota or a role, and the rotas themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from comms.plan.duration import written
from comms.plan.entry import Strict
from comms.plan.values import Duration, Line, Name, RoleName
from comms.source import ROTA_REFRESH

SOONEST, LATEST = timedelta(minutes=5), timedelta(days=1)


def _feed(value: str) -> str:
    """What is refused is not repeated: such an address is often a secret itself."""
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in {"https", "webcal"} or not host or " " in value or not value.isascii():
        raise ValueError("expected the https address of an iCalendar feed")
    if parts.username or parts.password:
        raise ValueError("a password does not stand in a plan: leave the feed to SITREP_ROTA_FEEDS")
    return value.replace("webcal://", "https://", 1)


def _refresh(value: timedelta) -> timedelta:
    if not SOONEST <= value <= LATEST:
        raise ValueError("expected 5m to 1d")
    return value


Feed = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_feed)]
Refresh = Annotated[Duration, AfterValidator(_refresh)]


class RotaEntry(Strict):
    """Who is on call, from an iCalendar feed."""

    feed: Feed | None = Field(
        default=None,
        description="Its https address; without it, that of its line in SITREP_ROTA_FEEDS.",
    )
    refresh: Refresh = Field(
        default=ROTA_REFRESH,
        description="How often it is read.",
        json_schema_extra={"default": written(ROTA_REFRESH)},
    )


class FromEntry(Strict):
    """One source of people: a group, a rota or a role."""

    group: Line | None = Field(
        default=None, description="A group of Microsoft Entra by its object id or its name."
    )
    guests: bool | None = Field(
        default=None, description="The group's guests are told too; without it they are not."
    )
    refresh: Refresh | None = Field(
        default=None, description="How often the group is read; without it every hour."
    )
    rota: Name | None = Field(default=None, description="Who is on call in this rota.")
    role: RoleName | None = Field(
        default=None, description="Who holds this role in the incident that is told of."
    )

    @model_validator(mode="after")
    def _names_one_source(self) -> Self:
        named = [name for name in ("group", "rota", "role") if getattr(self, name) is not None]
        if len(named) != 1:
            found = " and ".join(named) or "none"
            raise ValueError(f"expected one of group, rota and role, found {found}")
        own = [name for name in ("guests", "refresh") if getattr(self, name) is not None]
        if own and self.group is None:
            where = "; a rota's stands under 'rotas'" if own[0] == "refresh" else ""
            raise ValueError(f"only a group has {own[0]} here{where}")
        return self

    @property
    def named(self) -> str:
        """What it names: 'rota payments'."""
        named = (("group", self.group), ("rota", self.rota), ("role", self.role))
        return next(f"{kind} {name}" for kind, name in named if name is not None)
