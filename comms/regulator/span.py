"""A law's time: hours, months or business days, counted as laws count them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import holidays

_SPAN = re.compile(r"(\d{1,3}) ?(h|months?|business days?)")


_LAST_MINUTE = time(23, 59)


class Unit(StrEnum):
    """What is counted."""

    HOURS = "h"
    MONTHS = "month"
    BUSINESS_DAYS = "business day"


@dataclass(frozen=True, kw_only=True)
class Span:
    """`calendar` is the country (ISO 3166) whose weekends and public holidays are no business
    days; `zone` is where its days begin, and `until` the hour there by which its last one ends."""

    count: int
    unit: Unit
    calendar: str = ""
    zone: str = "UTC"
    until: time = _LAST_MINUTE

    def after(self, start: datetime) -> datetime:
        """Return the last moment (UTC) of this time, begun at `start`.

        Hours run through nights and weekends. A month ends on the same day of the month at the
        same time, or on the month's last day. Business days end with the last one, in their zone;
        the day on which they begin does not count.
        """
        from dateutil.relativedelta import relativedelta  # noqa: PLC0415 - as below

        match self.unit:
            case Unit.HOURS:
                return start + timedelta(hours=self.count)
            case Unit.MONTHS:
                return start + relativedelta(months=self.count)
            case Unit.BUSINESS_DAYS:
                return self._after_days(start)

    def _after_days(self, start: datetime) -> datetime:
        import holidays  # noqa: PLC0415 - 11 MB that few laws need

        off, zone = holidays.country_holidays(self.calendar), ZoneInfo(self.zone)
        day, left = self._first_day(start.astimezone(zone).date(), off)
        while left:
            day += timedelta(days=1)
            left -= _is_business(day, off)
        return datetime.combine(day, self.until, zone).astimezone(UTC)

    def _first_day(self, day: date, off: holidays.HolidayBase) -> tuple[date, int]:
        """What begins on a day off begins on the next business day, which then counts as the first
        (Form 8-K, General Instruction B.1)."""
        if _is_business(day, off):
            return day, self.count
        while not _is_business(day, off):
            day += timedelta(days=1)
        return day, self.count - 1

    @property
    def words(self) -> str:
        """The span as people say it: '72 h', '1 month', '4 business days'."""
        many = "" if self.count == 1 or self.unit is Unit.HOURS else "s"
        return f"{self.count} {self.unit.value}{many}"


def span(text: str, *, calendar: str = "", zone: str = "UTC", until: str = "23:59") -> Span:
    """Return the span of '72h', '1 month' or '4 business days'; ValueError where it is none."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time such as 72h, 1 month or 4 business days")
    unit = Unit(found[2].removesuffix("s"))
    return Span(
        count=int(found[1]),
        unit=unit,
        calendar=calendar,
        zone=zone,
        until=time.fromisoformat(until),
    )


def _is_business(day: date, off: holidays.HolidayBase) -> bool:
    return day.weekday() < 5 and day not in off
