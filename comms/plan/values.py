"""The single values that a plan file may hold: a line, a zone, a time, a colour, a name of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from comms import language, text
from comms.brand import is_colour
from comms.errors import Invalid
from comms.incident import OPEN, IncidentType, Severity, Status
from comms.people import Role
from comms.plan import duration
from comms.plan.model import ChannelName
from comms.plan.problem import nearest
from comms.projection import FIELDS
from comms.regulator.regime import regimes
from comms.rule import Level, Rule

MAIL = r"^[^@\s<>\"(),:;\\\[\]]+@[^@\s<>\"(),:;\\\[\]]+\.[^@\s<>\"(),:;\\\[\]]+$"


TOLD = tuple(status.value for status in Status if status in OPEN - {Status.TRIAGE})
"""The statuses in which something is promised."""


def one_line(value: str) -> str:
    """Return what is typed as one line; ValueError says what is wrong with it."""
    try:
        return text.line(value, pointer="", required=True)
    except Invalid as error:
        raise ValueError(error.detail) from None


def _one_of(what: str, known: Callable[[], list[str]]) -> Callable[[str], str]:
    def check(value: str) -> str:
        names = known()
        if value in names:
            return value
        listed = f" Known: {', '.join(names)}." if len(names) <= 40 else ""
        raise ValueError(f"there is no {what} {value!r}.{nearest(value, names)}{listed}")

    return check


def _number_as_text(value: object) -> object:
    """A version such as 7 needs no quotes; 1.10 does, or it would be 1.1."""
    if isinstance(value, float):
        raise ValueError("expected text; put it into quotes, such as '1.10'")
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


def _zone(value: object) -> ZoneInfo:
    if not isinstance(value, str):
        raise ValueError("expected the name of a time zone, such as Europe/Zurich")
    return ZoneInfo(_one_of("time zone", lambda: sorted(available_timezones()))(value))


def _language(value: str) -> str:
    spoken = language.spoken()
    if language.nearest(value, spoken) is None:
        raise ValueError(
            f"no letters are written in {value!r}.{nearest(value, spoken)}"
            f" Known: {', '.join(spoken)}, and their regions, such as de-CH."
        )
    return str(language.locale_of(value)).replace("_", "-")


def _colour(value: str) -> str:
    if not is_colour(value):
        raise ValueError(f"expected a colour such as '#0f548c', found {value[:20]!r}")
    return value.lower()


def _logo(value: str) -> str:
    try:
        return text.link(value, pointer="")
    except Invalid:
        raise ValueError("expected an https address of a picture that anybody may see") from None


def one_or(item: Any) -> BeforeValidator:
    """Let a single value stand for a list of one."""

    def listed(value: object) -> object:
        return [value] if isinstance(value, str) else value

    return BeforeValidator(listed, json_schema_input_type=item | list[item])


Line = Annotated[str, StringConstraints(max_length=text.LINE_LIMIT), AfterValidator(one_line)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Mail = Annotated[str, StringConstraints(pattern=MAIL, max_length=254)]
Version = Annotated[
    str,
    StringConstraints(max_length=80),
    AfterValidator(lambda value: one_line(value) if value else value),
    BeforeValidator(_number_as_text, json_schema_input_type=str | int),
    Field(json_schema_extra={"examples": ["2026-11", 7]}),
]
Zone = Annotated[
    ZoneInfo,
    BeforeValidator(_zone, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "examples": ["UTC", "Europe/Zurich"]}),
]
Language = Annotated[
    str,
    AfterValidator(_language),
    Field(json_schema_extra={"examples": ["en", "de-CH"]}),
]
Colour = Annotated[str, AfterValidator(_colour), Field(json_schema_extra={"examples": ["#0f548c"]})]
Logo = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_logo)]
Duration = Annotated[
    timedelta,
    BeforeValidator(duration.duration, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "pattern": duration.DURATION_PATTERN, "examples": ["15m"]}),
]
Every = Annotated[
    timedelta | None,
    BeforeValidator(duration.every, json_schema_input_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": duration.EVERY_PATTERN,
            "examples": ["30m", "daily", "on change", "on change, daily"],
        }
    ),
]
Snap = Annotated[
    timedelta,
    BeforeValidator(duration.snap, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "enum": list(duration.SNAPS)}),
]
TimeOfDay = Annotated[
    time,
    BeforeValidator(duration.time_of_day, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "pattern": duration.TIME_PATTERN, "examples": ["08:00"]}),
]
OpenStatus = Annotated[
    str,
    AfterValidator(_one_of("status of an open incident", lambda: list(TOLD))),
    Field(json_schema_extra={"enum": list(TOLD)}),
]
SeverityName = Annotated[Severity, Field(strict=False)]
TypeName = Annotated[IncidentType, Field(strict=False)]
Rate = Annotated[
    float,
    BeforeValidator(duration.rate, json_schema_input_type=str),
    WithJsonSchema({"type": "string", "pattern": duration.RATE_PATTERN, "examples": ["30/min"]}),
]
Sees = Annotated[
    str,
    AfterValidator(_one_of("field", lambda: sorted(FIELDS))),
    Field(json_schema_extra={"enum": sorted(FIELDS)}),
]
RegimeName = Annotated[
    str,
    AfterValidator(_one_of("regulator", lambda: sorted(regimes()))),
    Field(json_schema_extra={"enum": sorted(regimes())}),
]
RoleName = Annotated[Role, Field(strict=False)]
RuleName = Annotated[Rule, Field(strict=False)]
LevelName = Annotated[Level, Field(strict=False)]
Channel = Annotated[ChannelName, Field(strict=False)]
