"""Times of day in a time zone as moments, also where its clocks are put forward or back."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
_AROUND = (-2, -1, 0, 1, 2)
"""Days to look at: a zone that changes sides of the date line leaves one out, or has one twice."""


@lru_cache(maxsize=64)
def marks(snap: timedelta) -> tuple[time, ...]:
    """Return the times of day that are a whole number of `snap` after midnight."""
    minutes = range(0, DAY // timedelta(minutes=1), snap // timedelta(minutes=1))
    return tuple(time(minute // 60, minute % 60) for minute in minutes)


def last_until(at: datetime, times: Sequence[time], zone: ZoneInfo) -> datetime:
    """Return the last moment (UTC) until `at` when a clock there shows one of these times."""
    around = _around(at, tuple(times), zone, again=True)
    return around[bisect_right(around, at) - 1]


def first_after(at: datetime, times: Sequence[time], zone: ZoneInfo) -> datetime:
    """Return the first moment (UTC) after `at` when a clock there shows one of these times."""
    around = _around(at, tuple(times), zone, again=True)
    return around[bisect_right(around, at)]


def first_from(at: datetime, times: Sequence[time], zone: ZoneInfo) -> datetime:
    """Return the first moment (UTC) from `at` on that is one of these times, once a day each.

    As in RFC 5545 3.3.5: a time that comes twice is the first of the two, and one that is left
    out, when clocks are put forward, comes as long after midnight as on another day.
    """
    around = _around(at, tuple(times), zone, again=False)
    return around[bisect_left(around, at)]


def _around(
    at: datetime, times: tuple[time, ...], zone: ZoneInfo, *, again: bool
) -> list[datetime]:
    today = at.astimezone(zone).date()
    days = (_moments(today + days * DAY, times, zone, again=again) for days in _AROUND)
    return sorted({moment for moments in days for moment in moments})


@lru_cache(maxsize=512)
def _moments(
    day: date, times: tuple[time, ...], zone: ZoneInfo, *, again: bool
) -> tuple[datetime, ...]:
    """The moments (UTC) of a day's times; `again`: also the second of two that read the same."""
    walls = [datetime.combine(day, at, tzinfo=zone) for at in times]
    first = [wall.astimezone(UTC) for wall in walls]
    second = [wall.replace(fold=1).astimezone(UTC) for wall in walls] if again else first
    # Of a time that is left out, the second reading lies before the first, and is none.
    later = [two for one, two in zip(first, second, strict=True) if two > one]
    return (*first, *later)
