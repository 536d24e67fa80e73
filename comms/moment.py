"""A moment as people read it: in their time zone, with its name, never ambiguous."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    get_datetime_format,
    get_timezone_name,
)

from comms.language import SOURCE, locale_of

_LEFT_TO_RIGHT, _POP = "\u2066", "\u2069"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """`clock` is '14:30 UTC', `full` 'Sat 21 Nov 2026, 14:30 UTC', `iso` RFC 3339 in UTC; `day` is
    the day in that time zone."""

    at: datetime
    clock: str
    full: str
    iso: str
    day: date

    def __str__(self) -> str:
        return self.clock

    def beside(self, other: Moment) -> str:
        """Return the clock where the other is on the same day, else with the day, lest it be
        misread."""
        return self.clock if self.day == other.day else self.full


def moment(at: datetime, zone: ZoneInfo, *, language: str = SOURCE) -> Moment:
    """Return a UTC time as it is printed in `zone`, in the way of a language (BCP 47)."""
    local, locale = at.astimezone(zone), locale_of(language)
    clock = f"{format_time(local, 'HH:mm', locale=locale)} {_zone_name(local, locale)}"
    if locale.text_direction == "rtl":
        clock = f"{_LEFT_TO_RIGHT}{clock}{_POP}"  # or the zone would stand before the time
    if locale.language == SOURCE:
        # Neither order that English has may be read as the other: no region's own.
        full = f"{format_date(local, 'EEE d MMM y', locale=locale)}, {clock}"
    else:
        day = format_skeleton("yMMMEd", local, locale=locale)
        full = str(get_datetime_format("medium", locale)).format(clock, day)
    return Moment(at=at, clock=clock, full=full, iso=iso(at), day=local.date())


def iso(at: datetime) -> str:
    """Return a time as RFC 3339 in UTC, in whole seconds: '2026-11-21T14:30:00Z'."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _zone_name(local: datetime, locale: Locale) -> str:
    """Return 'UTC', 'CET', in German 'MEZ'; where people have no short name, 'UTC+5:30'."""
    own = local.tzname() or "UTC"
    named = get_timezone_name(local, width="short", locale=locale)
    other = local + timedelta(days=182)
    if other.utcoffset() != local.utcoffset() and named == other.tzname():
        named = own  # in Dublin's summer babel says GMT, which is an hour off
    for name in (own if own == "UTC" else named, own):
        if name.isalpha():
            return name
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
