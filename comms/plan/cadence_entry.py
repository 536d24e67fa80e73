"""What a plan file says of cadences, and the cadences that are made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from comms.incident import IncidentType, Severity, Status
from comms.plan.cadence import Cadence, Case, Long
from comms.plan.document import Document, Path
from comms.plan.duration import LONGEST, written
from comms.plan.entry import Strict, refuse_doubles
from comms.plan.values import (
    Duration,
    Every,
    OpenStatus,
    SeverityName,
    Snap,
    TimeOfDay,
    TypeName,
    Zone,
    one_or,
)

_SAID = ("first", "every", "snap", "at", "long")
"""What may be said for all severities, for one, and in a case; the nearest goes before."""


class LongEntry(Strict):
    """How an incident that goes on and on is told of less often."""

    after: Duration = Field(description="Since the declaration.")
    times: Annotated[int, Field(ge=1, le=24)] = Field(
        default=2, description="So many times as long is an interval then."
    )


class _Said(Strict):
    snap: Snap | None = Field(
        default=None, description="The next update is promised for a mark of the clock."
    )
    at: list[TimeOfDay] = Field(
        default_factory=list,
        max_length=24,
        description="Times of day at which an update is promised anyway, whatever `every` says.",
    )
    long: LongEntry | None = Field(
        default=None, description="How much longer an interval is when the incident goes on."
    )

    @field_validator("at")
    @classmethod
    def _each_time_once(cls, at: list[Any]) -> list[Any]:
        refuse_doubles([f"{time:%H:%M}" for time in at])
        return at

    def said(self) -> dict[str, Any]:
        """What stands in the file, by name: what is left out is said elsewhere."""
        return {name: getattr(self, name) for name in _SAID if name in self.model_fields_set}


class CadenceEntry(_Said):
    """What an audience is promised at one severity."""

    every: Every = Field(description="The longest time between two updates.")
    first: Duration | None = Field(
        default=None,
        description="From declaration to the first update; without it none is promised.",
    )


class CaseEntry(_Said):
    """Where something else is promised; of those that fit, the first holds."""

    severity: Annotated[list[SeverityName], one_or(SeverityName)] = Field(
        default_factory=list, description="One or several; left out: each."
    )
    type: Annotated[list[TypeName], one_or(TypeName)] = Field(
        default_factory=list, description="One or several; left out: each."
    )
    status: Annotated[list[OpenStatus], one_or(OpenStatus)] = Field(
        default_factory=list, description="One or several; left out: each."
    )
    every: Every = Field(default=None, description="The longest time between two updates.")
    first: Duration | None = Field(
        default=None, description="From declaration to the first update."
    )

    @field_validator("severity", "type", "status")
    @classmethod
    def _each_once(cls, names: list[Any]) -> list[Any]:
        refuse_doubles(names)
        return names

    @model_validator(mode="after")
    def _says_when_and_what(self) -> Self:
        if not (self.severity or self.type or self.status):
            raise ValueError("say when it holds: severity, type or status")
        if not self.said():
            raise ValueError(f"say what holds then: {', '.join(_SAID)}")
        return self


class CadenceTable(_Said):
    """The promise at each severity; all four are named, so that none is forgotten."""

    SEV1: CadenceEntry
    SEV2: CadenceEntry
    SEV3: CadenceEntry
    SEV4: CadenceEntry
    when: list[CaseEntry] = Field(
        default_factory=list,
        max_length=20,
        description="Where something else is promised; of those that fit, the first holds.",
    )
    zone: Zone | None = Field(
        default=None, description="In which `snap` and `at` are read; without it, the plan's."
    )


class OwnCadence(Strict):
    """The promise at a severity, in place of the audience's; what is left out stays as it is."""

    SEV1: CadenceEntry | None = None
    SEV2: CadenceEntry | None = None
    SEV3: CadenceEntry | None = None
    SEV4: CadenceEntry | None = None


def cadences(entry: CadenceTable, zone: ZoneInfo) -> Mapping[Severity, Cadence]:
    """Return the cadence at each severity. `zone` is the plan's."""
    said = {severity: _row(entry, severity) for severity in Severity}
    return {severity: _cadence(row, entry.zone or zone) for severity, row in said.items()}


def own_cadences(entry: OwnCadence, zone: ZoneInfo) -> Mapping[Severity, Cadence]:
    """Return the cadences that hold in place of an audience's. `zone` is the plan's."""
    rows = {severity: getattr(entry, severity.value) for severity in Severity}
    return {severity: _cadence(row.said(), zone) for severity, row in rows.items() if row}


def cases(entry: CadenceTable, zone: ZoneInfo) -> tuple[Case, ...]:
    """Return where another cadence holds. `zone` is the plan's."""
    return tuple(
        Case(
            cadence={
                severity: _cadence(_row(entry, severity) | case.said(), entry.zone or zone)
                for severity in case.severity or Severity
            },
            types=frozenset(case.type or IncidentType),
            statuses=frozenset(Status(status) for status in case.status) or frozenset(Status),
        )
        for case in entry.when
    )


def check_cadences(entry: CadenceTable, zone: ZoneInfo, found: Document, at: Path) -> None:
    """Add to the document's problems what no single value shows. `at` is where the table stands."""
    check_rows(cadences(entry, zone), found, at)
    known = cases(entry, zone)
    for number, case in enumerate(known):
        here: Path = (*at, "when", number)
        for message in dict.fromkeys(
            message for cadence in case.cadence.values() for message in _wrong(cadence)
        ):
            found.problem(message, found.values[here], here)
        before = next((n for n, other in enumerate(known[:number]) if other.covers(case)), None)
        if before is not None:
            found.problem(
                f"this never holds: when[{before}] fits wherever it does, and the first that fits"
                " holds",
                found.values[here],
                here,
            )


def check_rows(rows: Mapping[Severity, Cadence], found: Document, at: Path) -> None:
    """Add to the document's problems what is wrong with these cadences, by their severities."""
    for severity, cadence in rows.items():
        here = (*at, severity.value)
        for message in _wrong(cadence):
            found.problem(message, found.keys[here], here)


def _row(entry: CadenceTable, severity: Severity) -> dict[str, Any]:
    row: CadenceEntry = getattr(entry, severity.value)
    return entry.said() | row.said()


def _cadence(said: Mapping[str, Any], zone: ZoneInfo) -> Cadence:
    long: LongEntry | None = said.get("long")
    return Cadence(
        first=said.get("first"),
        every=said.get("every"),
        snap=said.get("snap"),
        at=tuple(sorted(said.get("at", ()))),
        zone=zone,
        long=Long(after=long.after, times=long.times) if long else None,
    )


def _wrong(cadence: Cadence) -> Iterator[str]:
    if cadence.every is None:
        return
    if cadence.snap and cadence.snap > cadence.every:
        yield (
            f"snap {written(cadence.snap)} is longer than every {written(cadence.every)}:"
            " the next mark of the clock would come too late"
        )
    if cadence.long and cadence.every * cadence.long.times > LONGEST:
        longest = cadence.every * cadence.long.times // timedelta(days=1)
        yield f"a long incident would be told of every {longest}d; at most 31d may pass"
