"""A slot: the local hour at which some readers' digests leave, daily or on a weekday."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)


class Slot(NamedTuple):
    """An hour (0 to 23) of a time zone; `weekday` is 0 (Monday) to 6, or None: every day."""

    zone: str
    hour: int
    weekday: int | None = None


def next_at(slot: Slot, after: datetime) -> datetime:
    """Return the first moment (UTC) of a slot that is later than `after`.

    There is one for each local date: where clocks go forward over the hour, the moment at which
    they do (PEP 495: `fold=0` reads a time that is not there with the offset before); where they
    go back and the hour comes twice, the first.
    """
    zone = ZoneInfo(slot.zone)
    day = after.astimezone(zone).date() - _DAY  # a gap may move a moment into the next date
    while True:
        if slot.weekday in {None, day.weekday()}:
            moment = datetime.combine(day, time(slot.hour), zone).astimezone(UTC)
            if moment > after:
                return moment
        day += _DAY


def name_of(slot: Slot) -> str:
    """Return the slot as one word: 'daily-08-Europe/Zurich', 'monday-08-Europe/Zurich'."""
    day = "daily" if slot.weekday is None else WEEKDAYS[slot.weekday]
    return f"{day}-{slot.hour:02}-{slot.zone}"


def slot_of(name: str) -> Slot:
    """Return the slot of such a word."""
    day, hour, zone = name.split("-", 2)
    weekday = None if day == "daily" else WEEKDAYS.index(day)
    return Slot(zone=zone, hour=int(hour), weekday=weekday)
