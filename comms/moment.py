"""A moment as people read it: in the plan's time zone, with its name, never ambiguous."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time


@dataclass(frozen=True, kw_only=True)
class Moment:
    """`clock` is '14:30 UTC', `full` 'Sat 21 Nov 2026, 14:30 UTC', `iso` RFC 3339 in UTC."""

    at: datetime
    clock: str
    full: str
    iso: str

    def __str__(self) -> str:
        return self.clock

    def beside(self, other: Moment) -> str:
        """Return the clock where the other is on the same day, else with the day, lest it be
        misread."""
        same_day = self.full.partition(",")[0] == other.full.partition(",")[0]
        return self.clock if same_day else self.full


def moment(at: datetime, zone: ZoneInfo, *, language: str = "en") -> Moment:
    """Return a UTC time as it is printed in `zone`."""
    local = at.astimezone(zone)
    name = local.tzname() or "UTC"
    clock = f"{format_time(local, 'HH:mm', locale=language)} {name}"
    day = format_date(local, "EEE d MMM y", locale=language)
    return Moment(
        at=at,
        clock=clock,
        full=f"{day}, {clock}",
        iso=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
