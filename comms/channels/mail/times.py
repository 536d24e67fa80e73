"""The times in a letter: written once as tokens, filled for each reader's own time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from comms.channels.mail.placeholders import fill, token
from comms.moment import Moment, moment

CLOCK, FULL, BESIDE = "clock", "full", "beside"


@dataclass(frozen=True, kw_only=True)
class OwnMoment(Moment):
    """A moment whose `clock` and `full` are tokens: each reader's are filled in by `said`."""

    def beside(self, other: Moment) -> str:
        """Return the token of the clock, with the day where it is another day for the reader."""
        return token(f"{BESIDE}_{_stamp(self)}_{_stamp(other)}")


def own(when: Moment) -> OwnMoment:
    """Return the moment as letters hold it."""
    return OwnMoment(
        at=when.at,
        clock=token(f"{CLOCK}_{_stamp(when)}"),
        full=token(f"{FULL}_{_stamp(when)}"),
        iso=when.iso,
        day=when.day,
    )


def is_time(name: str) -> bool:
    """True where a token of that name stands for a time."""
    return name.startswith((f"{CLOCK}_", f"{FULL}_", f"{BESIDE}_"))


def said(name: str, zone: ZoneInfo, language: str) -> str:
    """Return what stands in place of the token of that name for a reader in `zone`."""
    way, *stamps = name.split("_")
    when, *others = (
        moment(datetime.fromtimestamp(int(stamp), UTC), zone, language=language) for stamp in stamps
    )
    if way == BESIDE:
        return when.beside(others[0])
    return when.clock if way == CLOCK else when.full


def in_zone(part: str, zone: str, language: str) -> str:
    """Return the part with its times filled in; other tokens stay."""
    known = zone_of(zone, "UTC")
    return fill(part, lambda name: said(name, known, language) if is_time(name) else None)


@lru_cache(maxsize=1024)
def zone_of(name: str, otherwise: str) -> ZoneInfo:
    """Return the zone of that IANA name; `otherwise` where there is none, or not any more."""
    try:
        return ZoneInfo(name or otherwise)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(otherwise)


def _stamp(when: Moment) -> int:
    return int(when.at.timestamp())
