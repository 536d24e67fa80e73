"""How a plan writes times and rates: '15m', '4h', 'on change, daily'; '30/min'."""

from __future__ import annotations

import re
from datetime import time, timedelta

from comms.plan.problem import nearest

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=31)
FASTEST = 10_000
"""Messages a second."""
PERIODS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}

DURATION_PATTERN = r"^[1-9][0-9]{0,4}[mhd]$"
EVERY_PATTERN = r"^(on change|(on change, ?)?(daily|[1-9][0-9]{0,4}[mhd]))$"
TIME_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
SNAPS = ("5m", "10m", "15m", "20m", "30m", "60m", "1h", "2h", "3h", "4h", "6h", "8h", "12h")
"""Marks of the clock that are the same on every day."""
RATE_PATTERN = r"^[1-9][0-9]{0,6}/(s|min|h|d)$"


def duration(value: object) -> timedelta:
    """Read '15m', '4h' or '2d': at most 31 days. ValueError says what was expected."""
    if not isinstance(value, str) or not re.fullmatch(DURATION_PATTERN, value):
        raise ValueError(f"expected a time such as 15m, 4h or 1d, {_found(value)}")
    length = int(value[:-1]) * UNITS[value[-1]]
    if length > LONGEST:
        raise ValueError(f"expected at most 31d, found {value!r}")
    return length


def every(value: object) -> timedelta | None:
    """Read the longest time between two updates; None: 'on change' only.

    A change may be told at any time, so 'on change, daily' is 'daily'.
    """
    if value == "on change":
        return None
    if not isinstance(value, str) or not re.fullmatch(EVERY_PATTERN, value):
        raise ValueError(
            "expected a time such as 15m or 4h, 'daily', 'on change' or 'on change, daily', "
            + _found(value, "on change", "daily", "on change, daily")
        )
    interval = value.removeprefix("on change,").strip()
    return UNITS["d"] if interval == "daily" else duration(interval)


def snap(value: object) -> timedelta:
    """Read '30m': a time that fits a whole number of times into an hour or a day."""
    if not isinstance(value, str) or value not in SNAPS:
        raise ValueError(f"expected one of {', '.join(SNAPS)}, {_found(value, *SNAPS)}")
    return duration(value)


def time_of_day(value: object) -> time:
    """Read '08:00', from 00:00 to 23:59. ValueError says what was expected."""
    if not isinstance(value, str) or not re.fullmatch(TIME_PATTERN, value):
        raise ValueError(f"expected a time of day such as 08:00, {_found(value)}")
    return time.fromisoformat(value)


def rate(value: object) -> float:
    """Read '30/min' as messages a second: at most FASTEST. ValueError says what was expected."""
    if not isinstance(value, str) or not re.fullmatch(RATE_PATTERN, value):
        raise ValueError(f"expected a rate such as 20/s, 30/min or 10000/d, {_found(value)}")
    count, _, period = value.partition("/")
    rate = int(count) / PERIODS[period]
    if rate > FASTEST:
        raise ValueError(f"expected at most {FASTEST}/s, found {value!r}")
    return rate


def written(length: timedelta | None) -> str:
    """Return a cadence as a plan writes it: '30m', '4h', 'daily', 'on change'."""
    if length is None:
        return "on change"
    if length == UNITS["d"]:
        return "daily"
    minutes = int(length.total_seconds() // 60)
    if minutes % (24 * 60) == 0:
        return f"{minutes // (24 * 60)}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 and minutes > 60 else f"{minutes}m"


def _found(value: object, *known: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"found the number {value}, which has no unit"
    return f"found {value!r}.{nearest(str(value), known)}"
