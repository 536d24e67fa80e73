"""Quiet hours: when nothing but the most severe is sent to somebody, in their own time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from comms.errors import Invalid
from comms.incident import Severity

NEVER = "none"
"""How somebody says that no hour is quiet, whatever the audience has."""

OVERRIDE = Severity.SEV1
"""What is as severe is sent at once, where the plan says nothing else."""

_WORDS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAY = timedelta(days=1)


class Hours(NamedTuple):
    """From a local time to another, on the next day where that is earlier."""

    begins: time
    ends: time

    @property
    def words(self) -> str:
        """As lists of people write them: '22:00-07:00'."""
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """An audience's quiet hours; what is as severe as `override`, or more, is sent at once."""

    hours: Hours
    override: Severity = OVERRIDE


def checked_quiet(words: str) -> str:
    """Return the words of a list of people in order: '22:00-07:00', 'none' or ''.

    Invalid where they mean nothing.
    """
    given = words.strip().casefold().replace(" ", "").replace("–", "-")
    if given in {"", NEVER}:
        return given
    _hours(given)
    return given


def hours_of(words: str, default: Hours | None) -> Hours | None:
    """Return what such words, in order, mean beside the audience's own; None: no hour is quiet."""
    if not words:
        return default
    return None if words == NEVER else _hours(words)


def quiet_until(hours: Hours, zone: str, now: datetime) -> datetime | None:
    """Return when these hours end (UTC), where `now` (UTC) lies in them; None: it does not.

    Local times decide. Where clocks go forward over the end, it ends as they do; where they go
    back over it and it comes twice, at the first, and those who come to it between the two wait
    for the second.
    """
    place = ZoneInfo(zone)
    local = now.astimezone(place)
    at = local.time()
    overnight = hours.ends <= hours.begins
    if not (
        at >= hours.begins or at < hours.ends if overnight else hours.begins <= at < hours.ends
    ):
        return None
    day = local.date() + _DAY if overnight and at >= hours.begins else local.date()
    return next(end for end in _ends(day, hours.ends, place) if end > now)


def _ends(day: date, at: time, place: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments (UTC) at which that local time comes, in their order."""
    first, second = (
        datetime.combine(day, at, place).replace(fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    if first <= second:
        return first, second
    # It does not come at all: `fold=0` reads it with the offset before, so much too late.
    gap = first - second
    changed = datetime.combine(day, at, place).astimezone(UTC) - gap
    while (changed + timedelta(minutes=1)).astimezone(place).time() < at:
        changed += timedelta(minutes=1)
    moment = changed + timedelta(minutes=1)
    return moment, moment


@lru_cache(maxsize=1024)
def _hours(words: str) -> Hours:
    found = _WORDS.fullmatch(words)
    if not found:
        raise Invalid(
            f"{words[:40]!r} are no quiet hours (like '22:00-07:00', or 'none').",
            pointer="/quiet_hours",
        )
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    hours = Hours(time(begin_hour, begin_minute), time(end_hour, end_minute))
    if hours.begins == hours.ends:
        raise Invalid(f"{words!r} end as they begin.", pointer="/quiet_hours")
    return hours
