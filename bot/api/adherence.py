"""Adherence: how well promises were kept, of an incident and over time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from bot.api.keys import Key
from bot.api.operation import Call, Table
from bot.api.shapes import Given, Moment, Stamp, Told
from comms.adherence import Figures, Mark, mark_of, over_time
from comms.adherence import adherence as adherence_of
from comms.desk import Scene
from comms.errors import Invalid

table = Table(tag="adherence")

LATELY = timedelta(days=92)
"""The period of a question that names none: three months."""

Seconds = int | None


class FiguresTold(Told):
    """The figures of an audience, an incident or a period; times in seconds, null: no sample."""

    promised: int = Field(description="Promises that have come due, or were answered before.")
    kept: int = Field(description="Of these, answered by the printed time.")
    on_time: float | None = Field(description="kept ÷ promised; null where nothing was promised.")
    still_open: int = Field(description="Promises that are not due yet; they count as neither.")
    withdrawn: int = Field(description="Promises nobody waits for any more; they count as neither.")
    late_median_seconds: Seconds = Field(
        description="Of missed promises: from the printed time to the answer, or to now."
    )
    late_worst_seconds: Seconds
    longest_silence_seconds: Seconds = Field(
        description="The longest that an audience heard nothing while it waited."
    )
    first_notice_seconds: Seconds = Field(
        description="From the declaration to the first update: of an incident, to people outside;"
        " of a period, the median."
    )
    approval_wait_median_seconds: Seconds = Field(
        description="From the draft that was approved to its last approval."
    )
    approval_wait_worst_seconds: Seconds
    meant: int = Field(description="Deliveries, without those left out on purpose.")
    reached: int = Field(description="Of these, accepted by the transport.")
    acknowledged: int = Field(description="People who have seen an update, once each update.")
    updates: int
    corrections: int


class AdherenceTold(Told):
    """How well an incident's promises were kept so far."""

    incident: str
    all: FiguresTold
    audiences: dict[str, FiguresTold]
    marks: dict[str, list[Mark]] = Field(
        description="What has become of each promise to an audience, oldest first."
    )


class MonthTold(Told):
    """What was declared in one month of the plan's time zone."""

    month: str = Field(examples=["2026-03"])
    incidents: int
    figures: FiguresTold


class PeriodTold(Told):
    """How well the promises of a period's incidents were kept."""

    begin: Stamp
    end: Stamp
    incidents: int
    all: FiguresTold
    audiences: dict[str, FiguresTold]
    months: list[MonthTold] = Field(description="In order; those without an incident left out.")


def _midnight(value: object) -> object:
    is_day = isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
    return f"{value}T00:00:00Z" if is_day else value


DayOrMoment = Annotated[
    Moment,
    BeforeValidator(_midnight, json_schema_input_type=str),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "format": "date"},
            ]
        }
    ),
]
"""A time with its zone, or a day: its midnight in UTC."""


class Between(Given):
    """Which incidents: those declared from `from` to before `to`."""

    begin: DayOrMoment | None = Field(
        default=None, alias="from", description="Without it, three months before `to`."
    )
    end: DayOrMoment | None = Field(default=None, alias="to", description="Without it, now.")


@table.get("/incidents/{key}/adherence")
async def read_incident_adherence(call: Call, key: Key) -> AdherenceTold:
    """Read how well an incident's promises were kept.

    Promises that are still open, or were withdrawn, count as neither kept nor missed.
    """
    return await call.read(_of_incident, key)


@table.get("/adherence")
async def read_adherence(call: Call, query: Between) -> PeriodTold:
    """Read how well promises were kept over time.

    Of all incidents declared in the period: as a whole, by audience, by month.
    """
    return await call.read(_over_time, query.begin, query.end)


def figures_told(figures: Figures) -> FiguresTold:
    """Return figures as the API tells them."""
    share = figures.on_time
    return FiguresTold(
        promised=figures.promised,
        kept=figures.kept,
        on_time=round(share, 4) if share is not None else None,
        still_open=figures.still_open,
        withdrawn=figures.withdrawn,
        late_median_seconds=_seconds(figures.late_median),
        late_worst_seconds=_seconds(figures.late_worst),
        longest_silence_seconds=_seconds(figures.longest_silence),
        first_notice_seconds=_seconds(figures.first_notice),
        approval_wait_median_seconds=_seconds(figures.approval_wait_median),
        approval_wait_worst_seconds=_seconds(figures.approval_wait_worst),
        meant=figures.meant,
        reached=figures.reached,
        acknowledged=figures.acknowledged,
        updates=figures.updates,
        corrections=figures.corrections,
    )


def _of_incident(scene: Scene, key: str) -> AdherenceTold:
    record = scene.book.records.of(key)
    found = adherence_of(record, outside=scene.plan.outside, now=scene.now)
    marks: dict[str, list[Mark]] = {name: [] for name in found.audiences}
    for promise in record.promises:
        marks[promise.audience].append(mark_of(promise, scene.now))
    return AdherenceTold(
        incident=found.incident,
        all=figures_told(found.all),
        audiences={name: figures_told(figures) for name, figures in found.audiences.items()},
        marks=marks,
    )


def _over_time(scene: Scene, begin: datetime | None, end: datetime | None) -> PeriodTold:
    # To the second after: what is declared at this very moment belongs to the period.
    until = end or scene.now.replace(microsecond=0) + timedelta(seconds=1)
    since = begin or until - LATELY
    if since >= until:
        raise Invalid("A period begins before it ends.", pointer="/from")
    found = over_time(
        scene.book.records.declared(since, until),
        outside=scene.plan.outside,
        zone=scene.plan.time_zone,
        now=scene.now,
    )
    return PeriodTold(
        begin=since,
        end=until,
        incidents=found.incidents,
        all=figures_told(found.all),
        audiences={name: figures_told(figures) for name, figures in found.audiences.items()},
        months=[
            MonthTold(month=one.month, incidents=one.incidents, figures=figures_told(one.figures))
            for one in found.months
        ],
    )


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds())
