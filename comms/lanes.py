"""Lanes: each audience's promises along one line of time, as a chart draws them.

Places along the line are in percent of its width, so that a drawing fits any screen while its
text keeps its size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from comms.adherence import Mark, mark_of
from comms.promise import Promise
from comms.record import Record

STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7 * 1440, 28 * 1440)
)
"""Between two ticks of the axis."""

TICKS = 5
"""At most so many, so that their labels stand apart on a phone."""

SHORTEST = timedelta(minutes=10)
"""A line of time is at least this long."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One promise: made at `begin`, printed for `due`, over at `end` (all in percent).

    `end` is where its mark stands; what lies beyond `due` is lateness. `update` is the number of
    the update that answered it.
    """

    promise: Promise
    mark: Mark
    begin: float
    due: float
    end: float

    @property
    def update(self) -> int | None:
        """The number of the update that answered it."""
        return self.promise.answered_by

    @property
    def waited(self) -> float:
        """How wide the wait in good time is drawn: to the printed time, or the answer before it."""
        return round(max(min(self.due, self.end) - self.begin, 0.0), 3)

    @property
    def late(self) -> float:
        """How wide the lateness is drawn; 0 where there is none."""
        return round(max(self.end - self.due, 0.0), 3)


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One audience's promises, oldest first."""

    audience: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A whole moment on the axis, and where it stands in percent."""

    at: datetime
    place: float


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """A drawing from `begin` to `end` (UTC)."""

    begin: datetime
    end: datetime
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]


def lanes(record: Record, *, now: datetime) -> Lanes:
    """Return the promises of an incident as they are drawn, to the minute: an unchanged minute is
    the same drawing."""
    now = now.replace(second=0, microsecond=0)
    begin = record.declared_at
    end = max(_end(record, now), begin + SHORTEST)
    by_audience: dict[str, list[Bar]] = {name: [] for name in record.audiences}
    for promise in record.promises:
        by_audience[promise.audience].append(_bar(promise, begin=begin, end=end, now=now))
    return Lanes(
        begin=begin,
        end=end,
        lanes=tuple(
            Lane(audience=name, bars=tuple(bars)) for name, bars in by_audience.items() if bars
        ),
        ticks=ticks(begin, end),
    )


def ticks(begin: datetime, end: datetime) -> tuple[Tick, ...]:
    """Return at most TICKS whole moments between two times."""
    step = next((step for step in STEPS if (end - begin) / step <= TICKS - 1), STEPS[-1])
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + -(-(begin - midnight) // step) * step
    count = max(int((end - first) / step) + 1, 0)
    moments = [first + number * step for number in range(min(count, TICKS))]
    return tuple(Tick(at=at, place=place(at, begin=begin, end=end)) for at in moments)


def place(at: datetime, *, begin: datetime, end: datetime) -> float:
    """Return where a moment stands between two others, in percent; the ends for what lies out."""
    share = (at - begin) / (end - begin)
    return round(100 * min(max(share, 0.0), 1.0), 3)


def _end(record: Record, now: datetime) -> datetime:
    moments: list[datetime] = [sent.approved_at for sent in record.sent]
    for promise in record.promises:
        if promise.answered_at:
            moments.append(promise.answered_at)
        elif promise.is_owed:
            moments.extend((promise.due_at, now))
    return max(moments, default=now)


def _bar(promise: Promise, *, begin: datetime, end: datetime, now: datetime) -> Bar:
    mark = mark_of(promise, now)
    over: Mapping[Mark, datetime] = {
        Mark.OPEN: promise.due_at,
        Mark.WITHDRAWN: promise.due_at,
    }
    return Bar(
        promise=promise,
        mark=mark,
        begin=place(promise.made_at, begin=begin, end=end),
        due=place(promise.due_at, begin=begin, end=end),
        end=place(over.get(mark, promise.answered_at or now), begin=begin, end=end),
    )
