"""A cadence: how soon an audience hears first, and by when it hears again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from comms.incident import Incident, IncidentType, Severity, Status
from comms.wall_clock import first_after, first_from, last_until, marks

COUNTS_AS = timedelta(minutes=30)
"""Whoever was told so shortly before a scheduled time has been told at that time."""


UTC = ZoneInfo("UTC")


@dataclass(frozen=True, kw_only=True)
class Long:
    """From `after` the declaration on, an interval is `times` as long."""

    after: timedelta
    times: int


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """What an audience is promised in one situation.

    `first` is the time from declaration to the first update (None: no promise), `every` the
    longest time between two updates (None: on change only). `snap` puts the next update on a mark
    of the clock, `at` are times of day at which there is one anyway, both in `zone`.
    """

    first: timedelta | None
    every: timedelta | None
    snap: timedelta | None = None
    at: tuple[time, ...] = ()
    zone: ZoneInfo = UTC
    long: Long | None = None

    def aged(self, age: timedelta) -> Cadence:
        """Return the cadence as it is when the incident was declared so long ago."""
        if self.long is None or self.every is None or age < self.long.after:
            return self
        return replace(self, every=self.every * self.long.times, long=None)

    def first_by(self, declared_at: datetime) -> datetime | None:
        """By when (UTC, whole minutes) an audience hears first; None: nothing is promised."""
        return _to_minute(declared_at + self.first) if self.first else None

    def next_by(self, told_at: datetime) -> datetime | None:
        """By when (UTC, whole minutes) an audience hears again that is told at `told_at`.

        The interval or the schedule, whichever is sooner; None: on change only.
        """
        ways = [way for way in (self._interval(told_at), self._scheduled(told_at)) if way]
        return min(ways, default=None)

    def _interval(self, told_at: datetime) -> datetime | None:
        """The interval's end, or the mark of the clock for it.

        That is the last one within the interval. Where it would come before half of it is over,
        it is the one after it: nobody is to be told twice within a few minutes.
        """
        if self.every is None or self.snap is None:
            return _to_minute(told_at + self.every) if self.every else None
        times = marks(self.snap)
        mark = last_until(told_at + self.every, times, self.zone)
        if mark < told_at + self.every / 2:
            mark = first_after(told_at + self.every, times, self.zone)
        return mark

    def _scheduled(self, told_at: datetime) -> datetime | None:
        if not self.at:
            return None
        return first_from(_to_minute(told_at + COUNTS_AS), self.at, self.zone)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Where another cadence holds: at these severities, for these types, in these statuses."""

    cadence: Mapping[Severity, Cadence]
    types: frozenset[IncidentType] = frozenset(IncidentType)
    statuses: frozenset[Status] = frozenset(Status)

    def fits(self, incident: Incident) -> bool:
        """True where this holds for the incident as it is."""
        return (
            incident.severity in self.cadence
            and incident.type in self.types
            and incident.status in self.statuses
        )

    def without(self, severities: Collection[Severity]) -> Case:
        """Return the case as it is where something else holds at these severities."""
        left = {at: row for at, row in self.cadence.items() if at not in severities}
        return replace(self, cadence=left)

    def covers(self, other: Case) -> bool:
        """True where this holds wherever the other does."""
        return (
            other.cadence.keys() <= self.cadence.keys()
            and other.types <= self.types
            and other.statuses <= self.statuses
        )


def _to_minute(moment: datetime) -> datetime:
    """Round up to a whole minute: the moment that is printed is the moment that is kept."""
    floor = moment.replace(second=0, microsecond=0)
    return floor if floor == moment else floor + timedelta(minutes=1)
