"""A moment as people read it: with its zone, through summer and winter."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from comms.moment import moment


@pytest.mark.parametrize(
    ("zone", "at", "clock", "full"),
    [
        (
            "UTC",
            datetime(2026, 11, 21, 14, 30, tzinfo=UTC),
            "14:30 UTC",
            "Sat 21 Nov 2026, 14:30 UTC",
        ),
        (
            "Europe/Zurich",
            datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
            "10:30 CET",
            "Mon 5 Jan 2026, 10:30 CET",
        ),
        (
            "Europe/Zurich",
            datetime(2026, 7, 5, 22, 30, tzinfo=UTC),
            "00:30 CEST",
            "Mon 6 Jul 2026, 00:30 CEST",
        ),
        (
            "America/New_York",
            datetime(2026, 1, 1, 3, 5, tzinfo=UTC),
            "22:05 EST",
            "Wed 31 Dec 2025, 22:05 EST",
        ),
        (
            "Europe/Dublin",
            datetime(2026, 7, 5, 9, 30, tzinfo=UTC),
            "10:30 IST",
            "Sun 5 Jul 2026, 10:30 IST",
        ),
        (
            "Asia/Kolkata",
            datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
            "15:00 IST",
            "Mon 5 Jan 2026, 15:00 IST",
        ),
    ],
)
def test_a_moment_is_printed_in_the_plans_zone(
    zone: str, at: datetime, clock: str, full: str
) -> None:
    printed = moment(at, ZoneInfo(zone))

    assert (printed.clock, printed.full, str(printed)) == (clock, full, clock)
    assert printed.at == at


def test_the_hour_that_comes_twice_is_told_apart_by_its_zone() -> None:
    zurich = ZoneInfo("Europe/Zurich")

    first = moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), zurich)
    second = moment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), zurich)

    assert (first.clock, second.clock) == ("02:30 CEST", "02:30 CET")


def test_the_hour_that_never_comes_is_never_printed() -> None:
    zurich = ZoneInfo("Europe/Zurich")

    before = moment(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), zurich)
    after = moment(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), zurich)

    assert (before.clock, after.clock) == ("01:59 CET", "03:00 CEST")


def test_machines_read_utc() -> None:
    at = datetime(2026, 7, 5, 9, 30, 15, 999999, tzinfo=UTC)

    assert moment(at, ZoneInfo("Asia/Kolkata")).iso == "2026-07-05T09:30:15Z"
    local = at.astimezone(ZoneInfo("Europe/Zurich"))
    assert moment(local, ZoneInfo("UTC")).iso == "2026-07-05T09:30:15Z"


def test_another_language_has_its_own_names() -> None:
    at = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)

    assert moment(at, ZoneInfo("UTC"), language="de").full == "Sa., 21. Nov. 2026, 14:30 UTC"
