"""Who is on call, read from an iCalendar feed (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from comms import text
from comms.errors import Invalid
from comms.recipient import checked_address
from comms.source import Member, Shift

if TYPE_CHECKING:
    from icalendar import Calendar
    from icalendar.cal import Component

LIMIT = 2 * 1024 * 1024
"""Bytes of a calendar."""

BEHIND, AHEAD = timedelta(days=1), timedelta(days=60)
"""Shifts are kept for this time around now: so long a copy is good for while the feed is down."""

MOST = 5_000
"""Shifts in that time; a rota that changes every half hour has 3,000."""

HOURLY = 50
"""Series that repeat every hour or so; more of them would take minutes to write out."""

_TOO_OFTEN = re.compile(rb"FREQ=(SECONDLY|MINUTELY)", re.IGNORECASE)
_HOURLY = re.compile(rb"FREQ=HOURLY", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:|]+@[^\s<>()\[\]\"',;:|]+\.[^\s<>()\[\]\"',;:|]+")
_MAILTO = "mailto:"


class NoCalendar(Invalid):
    """What a feed has sent is no calendar that can be read."""


def read_shifts(content: bytes, now: datetime, zone: ZoneInfo) -> list[Shift]:
    """Return who is on call when, from a day ago to sixty days ahead, in order.

    An event's attendees are on call; one without any names somebody by a mail address in its
    summary, else by its organizer. Whoever declined, and events that were cancelled, do not count.
    Times without a zone are those of `zone`. It takes a while for a large calendar: call it in a
    thread. NoCalendar says what is wrong.
    """
    from recurring_ical_events import of  # noqa: PLC0415 - 8 MB for whoever has a rota

    calendar = _parsed(content)
    try:
        found = of(calendar, skip_bad_series=True).between(now - BEHIND, now + AHEAD)
        shifts = list(_shifts(found, now, zone))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as wrong:
        raise NoCalendar(
            f"It holds an event that cannot be read ({type(wrong).__name__})."
        ) from None
    return sorted(shifts, key=lambda one: (one.starts, one.ends, one.member.email))


def _parsed(content: bytes) -> Calendar:
    from icalendar import Calendar  # noqa: PLC0415 - as above

    if len(content) > LIMIT:
        raise NoCalendar(f"It has more than {LIMIT // 1024 // 1024} MB.")
    if b"BEGIN:VCALENDAR" not in content[:1024].upper():
        raise NoCalendar("It is no iCalendar text (BEGIN:VCALENDAR).")
    if _TOO_OFTEN.search(content) or len(_HOURLY.findall(content)) > HOURLY:
        raise NoCalendar("It repeats events far oftener than a rota does.")
    try:
        return Calendar.from_ical(content)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as wrong:
        said = " ".join(str(wrong).split())[:100]
        raise NoCalendar(f"It is a broken iCalendar text: {said or type(wrong).__name__}") from None


def _shifts(events: Iterable[Component], now: datetime, zone: ZoneInfo) -> Iterator[Shift]:
    kept = 0
    for event in events:
        # Whatever a calendar holds, what is read is checked below.
        start: Any = event["DTSTART"]
        end: Any = event.get("DTEND", start)
        starts, ends = _moment(start.dt, zone), _moment(end.dt, zone)
        if str(event.get("STATUS", "")).upper() == "CANCELLED" or starts >= ends:
            continue
        for member in _on_call(event):
            kept += 1
            if kept > MOST:
                raise NoCalendar(f"It has more than {MOST} shifts in {AHEAD.days} days.")
            yield Shift(starts=starts, ends=ends, member=member)


def _moment(when: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)


def _on_call(event: Component) -> list[Member]:
    attendees = [
        _member(one)
        for one in _listed(event.get("ATTENDEE"))
        if _said(one, "PARTSTAT") != "DECLINED" and _said(one, "CUTYPE") in {"", "INDIVIDUAL"}
    ]
    if found := _once(attendees):
        return found
    summary = str(event.get("SUMMARY", ""))
    named = [_known(address, "") for address in _ADDRESS.findall(summary)]
    return _once(named) or _once([_member(one) for one in _listed(event.get("ORGANIZER"))])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _said(one: Any, name: str) -> str:
    return str(getattr(one, "params", {}).get(name, "")).upper()


def _member(one: Any) -> Member | None:
    value = str(one).strip()
    if not value.lower().startswith(_MAILTO):
        return None
    params = getattr(one, "params", {})
    address = unquote(value[len(_MAILTO) :].partition("?")[0])
    return _known(address, str(params.get("CN", "")))


def _known(address: str, name: str) -> Member | None:
    try:
        email = checked_address(address)
        named = text.line(name, pointer="/name")
    except Invalid:
        return None
    return Member(email=email, name="" if named.casefold() == email.casefold() else named)


def _once(found: list[Member | None]) -> list[Member]:
    by_address = {one.email.casefold(): one for one in reversed(found) if one is not None}
    return list(reversed(by_address.values()))
