"""Needs as they are typed, one a line: 'A database engineer | Payments team | 14:30'."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from comms.errors import Invalid
from comms.report import Need

_DECISION = re.compile(r"decision\s*:\s*", re.IGNORECASE)
_TIME = re.compile(r"(?:(\d{4}-\d{2}-\d{2})\s+)?(\d{1,2})[:.h](\d{2})(?:\s+[A-Z]{2,5})?")
_BAR = re.compile(r"(?<!\\)\|")
_SOON = timedelta(hours=12)


def read_needs(typed: str, *, now: datetime, zone: ZoneInfo) -> tuple[Need, ...]:
    """Return the needs of the form's lines; empty lines are skipped.

    A line is what, from whom and by when, the last two optional, with '|' between ('\\|' is a
    bar in the text); 'decision:' in front marks what only an executive can give. A time is
    'HH:MM' in `zone`, taken nearest to `now`, or 'YYYY-MM-DD HH:MM'. Invalid names the line.
    """
    lines = enumerate(typed.splitlines(), start=1)
    return tuple(_need(line, number, now, zone) for number, line in lines if line.strip())


def write_needs(needs: tuple[Need, ...], *, now: datetime, zone: ZoneInfo) -> str:
    """Return the lines that `read_needs` reads back at `now`."""
    return "\n".join(_line(need, now, zone) for need in needs)


def _need(line: str, number: int, now: datetime, zone: ZoneInfo) -> Need:
    text, *rest = [part.replace(r"\|", "|").strip() for part in _BAR.split(line)]
    by = _time(rest[-1], now, zone) if rest else None
    if by:
        rest = rest[:-1]
    if len(rest) > 1:
        raise Invalid(
            f"Line {number}: {rest[-1]!r} is no time. Write: what | from whom | 14:30.",
            pointer="/needs",
        )
    decision = _DECISION.match(text)
    return Need(
        text=text[decision.end() :] if decision else text,
        owner=rest[0] if rest else "",
        by=by,
        decision=bool(decision),
    )


def _time(typed: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    found = _TIME.fullmatch(typed)
    if not found:
        return None
    day, hour, minute = found.groups()
    here = now.astimezone(zone)
    try:
        local = here.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        if day:
            local = datetime.combine(datetime.fromisoformat(day).date(), local.timetz())
            return local.astimezone(UTC)
    except ValueError:
        return None
    days = (local + timedelta(days=offset) for offset in (-1, 0, 1))
    return min(days, key=lambda moment: abs(moment - here)).astimezone(UTC)


def _line(need: Need, now: datetime, zone: ZoneInfo) -> str:
    text = _typed(f"decision: {need.text}" if need.decision else need.text)
    if not need.by:
        return f"{text} | {_typed(need.owner)}" if need.owner else text
    pattern = "%H:%M" if abs(need.by - now) < _SOON else "%Y-%m-%d %H:%M"
    by = need.by.astimezone(zone).strftime(pattern)
    return " | ".join(part for part in (text, _typed(need.owner), by) if part)


def _typed(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
