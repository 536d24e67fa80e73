"""Adherence: how well promises were kept, counted from the record alone.

A promise counts once it is kept or missed: one that is still open, and one that was withdrawn
because nobody waited for it any more, count as neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from zoneinfo import ZoneInfo

from comms.promise import Promise, PromiseState
from comms.record import Reach, Record
from comms.update import Kind

NONE = timedelta(0)


class Mark(StrEnum):
    """What became of a promise; `unanswered` is overdue, or was until the incident ended."""

    KEPT = "kept"
    LATE = "late"
    UNANSWERED = "unanswered"
    OPEN = "open"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of an audience, an incident or a period. A time that is None has no sample.

    - `promised`: promises that have come due or were answered before; `kept` of them in time.
    - `still_open`, `withdrawn`: promises that count as neither.
    - `late_median`, `late_worst`: over the missed promises, from the printed time to the update
      that answered it; to now while it is owed; to the end where the incident ended first.
    - `longest_silence`: the longest that an audience heard nothing, from the first promise to it
      (or the first update, where none was made) to the update that told of the end.
    - `first_notice`: from the declaration (the impact as far as anybody knew) to the first update.
      Of an incident, that to people outside; of a period, the median.
    - `approval_wait_median`, `approval_wait_worst`: from the draft that was approved to its last
      approval, for updates that somebody had to approve.
    - `meant`, `reached`: deliveries that were not left out on purpose; of these, the accepted.
    - `acknowledged`: people who have said that they have seen an update, once each update.
    - `updates`: how many went out, `corrections` among them.
    """

    promised: int
    kept: int
    still_open: int
    withdrawn: int
    late_median: timedelta | None
    late_worst: timedelta | None
    longest_silence: timedelta | None
    first_notice: timedelta | None
    approval_wait_median: timedelta | None
    approval_wait_worst: timedelta | None
    meant: int
    reached: int
    acknowledged: int
    updates: int
    corrections: int

    @property
    def on_time(self) -> float | None:
        """Kept ÷ promised, 0 to 1; None where nothing has come due."""
        return self.kept / self.promised if self.promised else None


@dataclass(frozen=True, kw_only=True)
class Adherence:
    """Of one incident, and of each audience in it, in the order in which they were promised."""

    incident: str
    all: Figures
    audiences: Mapping[str, Figures]


@dataclass(frozen=True, kw_only=True)
class Month:
    """What was declared in one month of the plan's time zone; `month` is '2026-03'."""

    month: str
    incidents: int
    figures: Figures


@dataclass(frozen=True, kw_only=True)
class Period:
    """Of all incidents of a period; `months` without an incident are left out."""

    incidents: int
    all: Figures
    audiences: Mapping[str, Figures]
    months: tuple[Month, ...]


@dataclass(frozen=True, kw_only=True)
class _Tally:
    """What figures are made of; tallies add up, figures do not."""

    kept: int = 0
    still_open: int = 0
    withdrawn: int = 0
    late: tuple[timedelta, ...] = ()
    silences: tuple[timedelta, ...] = ()
    notices: tuple[timedelta, ...] = ()
    waits: tuple[timedelta, ...] = ()
    meant: int = 0
    reached: int = 0
    acknowledged: int = 0
    updates: int = 0
    corrections: int = 0


def adherence(record: Record, *, outside: Collection[str], now: datetime) -> Adherence:
    """Return an incident's adherence. `outside` names the audiences outside the organisation."""
    tallies = _of_audiences(record, now)
    return Adherence(
        incident=record.incident,
        all=_figures(_of_incident(record, tallies, outside)),
        audiences={name: _figures(tally) for name, tally in tallies.items()},
    )


def over_time(
    records: Iterable[Record], *, outside: Collection[str], zone: ZoneInfo, now: datetime
) -> Period:
    """Return the adherence of all these incidents, as a whole, by audience and by month."""
    by_audience: dict[str, _Tally] = {}
    by_month: dict[str, list[_Tally]] = {}
    for record in records:
        tallies = _of_audiences(record, now)
        for name, tally in tallies.items():
            by_audience[name] = _sum((by_audience.get(name, _Tally()), tally))
        month = f"{record.declared_at.astimezone(zone):%Y-%m}"
        by_month.setdefault(month, []).append(_of_incident(record, tallies, outside))
    every = [tally for tallied in by_month.values() for tally in tallied]
    return Period(
        incidents=len(every),
        all=_figures(_sum(every)),
        audiences={name: _figures(tally) for name, tally in by_audience.items()},
        months=tuple(
            Month(month=month, incidents=len(tallied), figures=_figures(_sum(tallied)))
            for month, tallied in sorted(by_month.items())
        ),
    )


def is_missed(promise: Promise, now: datetime) -> bool:
    """True once the printed time has passed without an update, noticed or not."""
    return promise.state is PromiseState.MISSED or promise.is_overdue(now)


def mark_of(promise: Promise, now: datetime) -> Mark:
    """What has become of a promise by now."""
    if is_missed(promise, now):
        return Mark.UNANSWERED if promise.answered_by is None else Mark.LATE
    if promise.state is PromiseState.KEPT:
        return Mark.KEPT
    return Mark.WITHDRAWN if promise.state is PromiseState.WITHDRAWN else Mark.OPEN


def lateness(promise: Promise, now: datetime) -> timedelta:
    """How long after the printed time the readers of a missed promise were told, or wait yet."""
    return max((promise.answered_at or now) - promise.due_at, NONE)


def _of_audiences(record: Record, now: datetime) -> dict[str, _Tally]:
    return {name: _of_audience(record, name, now) for name in record.audiences}


def _of_audience(record: Record, audience: str, now: datetime) -> _Tally:
    promises = [promise for promise in record.promises if promise.audience == audience]
    missed = [promise for promise in promises if is_missed(promise, now)]
    sent = [one for one in record.sent if audience in one.audiences]
    states = [promise.state for promise in promises if promise not in missed]
    reach = record.reach.get(audience, Reach())
    return _Tally(
        kept=states.count(PromiseState.KEPT),
        still_open=states.count(PromiseState.OPEN),
        withdrawn=states.count(PromiseState.WITHDRAWN),
        late=tuple(lateness(promise, now) for promise in missed),
        silences=_silences(record, audience, now),
        notices=tuple(max(one.approved_at - record.declared_at, NONE) for one in sent[:1]),
        waits=tuple(max(one.approved_at - one.drafted_at, NONE) for one in sent if one.was_asked),
        meant=reach.meant,
        reached=reach.accepted,
        acknowledged=record.seen.get(audience, 0),
        updates=len(sent),
        corrections=sum(one.kind is Kind.CORRECTION for one in sent),
    )


def _silences(record: Record, audience: str, now: datetime) -> tuple[timedelta, ...]:
    """All silences of an audience that waited; after the update that told of the end none does."""
    promises = [promise for promise in record.promises if promise.audience == audience]
    sent = [one for one in record.sent if audience in one.audiences]
    if not sent and all(promise.state is PromiseState.WITHDRAWN for promise in promises):
        return ()
    heard = promises[0].made_at if promises else None
    silences = []
    for one in sent:
        if heard is not None:
            silences.append(one.approved_at - heard)
        heard = None if one.kind is Kind.RESOLVED else one.approved_at
    end = now if record.status.is_open else record.resolved_at
    if heard is not None and end is not None:
        silences.append(end - heard)
    return tuple(max(silence, NONE) for silence in silences)


def _of_incident(record: Record, tallies: Mapping[str, _Tally], outside: Collection[str]) -> _Tally:
    """Add the audiences up; what concerns an update as a whole is counted once."""
    told = (one for one in record.sent if not set(outside).isdisjoint(one.audiences))
    first = next(told, None)
    return replace(
        _sum(tallies.values()),
        notices=(max(first.approved_at - record.declared_at, NONE),) if first else (),
        waits=tuple(
            max(one.approved_at - one.drafted_at, NONE) for one in record.sent if one.was_asked
        ),
        updates=len(record.sent),
        corrections=sum(one.kind is Kind.CORRECTION for one in record.sent),
    )


def _sum(tallies: Iterable[_Tally]) -> _Tally:
    every = tuple(tallies)
    return _Tally(
        kept=sum(one.kept for one in every),
        still_open=sum(one.still_open for one in every),
        withdrawn=sum(one.withdrawn for one in every),
        late=tuple(late for one in every for late in one.late),
        silences=tuple(silence for one in every for silence in one.silences),
        notices=tuple(notice for one in every for notice in one.notices),
        waits=tuple(wait for one in every for wait in one.waits),
        meant=sum(one.meant for one in every),
        reached=sum(one.reached for one in every),
        acknowledged=sum(one.acknowledged for one in every),
        updates=sum(one.updates for one in every),
        corrections=sum(one.corrections for one in every),
    )


def _figures(tally: _Tally) -> Figures:
    return Figures(
        promised=tally.kept + len(tally.late),
        kept=tally.kept,
        still_open=tally.still_open,
        withdrawn=tally.withdrawn,
        late_median=_median(tally.late),
        late_worst=max(tally.late, default=None),
        longest_silence=max(tally.silences, default=None),
        first_notice=_median(tally.notices),
        approval_wait_median=_median(tally.waits),
        approval_wait_worst=max(tally.waits, default=None),
        meant=tally.meant,
        reached=tally.reached,
        acknowledged=tally.acknowledged,
        updates=tally.updates,
        corrections=tally.corrections,
    )


def _median(spans: Collection[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(s.total_seconds() for s in spans)) if spans else None
