"""Quiet hours: until when what comes now waits, in any zone, over any change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.errors import Invalid
from comms.quiet import Hours, checked_quiet, hours_of, quiet_until

NIGHT = Hours(time(22), time(7))
ZURICH = "Europe/Zurich"
MINUTE = timedelta(minutes=1)

zones = st.sampled_from(
    [ZURICH, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
)
times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))
moments = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 (the zone is added)
    max_value=datetime(2028, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment as clocks in Zurich show it."""
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(ZURICH)).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (local(2026, 6, 1, 21, 59), None),
        (local(2026, 6, 1, 22), local(2026, 6, 2, 7)),
        (local(2026, 6, 2, 3), local(2026, 6, 2, 7)),
        (local(2026, 6, 2, 7), None),
        (local(2028, 2, 28, 23), local(2028, 2, 29, 7)),
    ],
)
def test_what_comes_at_night_waits_for_the_morning(now: datetime, until: datetime | None) -> None:
    assert quiet_until(NIGHT, ZURICH, now) == until


def test_hours_within_a_day_end_on_that_day() -> None:
    noon = Hours(time(12), time(13))

    assert quiet_until(noon, ZURICH, local(2026, 6, 1, 12, 30)) == local(2026, 6, 1, 13)
    assert quiet_until(noon, ZURICH, local(2026, 6, 1, 13)) is None


def test_an_end_that_clocks_go_forward_over_comes_when_they_do() -> None:
    early = Hours(time(22), time(2, 30))

    until = quiet_until(early, ZURICH, local(2026, 3, 29, 1))

    assert until == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 02:00 becomes 03:00


def test_an_end_that_comes_twice_comes_first_and_then_again() -> None:
    early = Hours(time(22), time(2, 30))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert quiet_until(early, ZURICH, first - timedelta(hours=1)) == first
    assert quiet_until(early, ZURICH, first) is None
    between = first + timedelta(minutes=40)  # 02:10 for the second time
    assert quiet_until(early, ZURICH, between) == first + timedelta(hours=1)


@given(begins=times, ends=times, zone=zones, now=moments)
def test_it_ends_once_after_now_when_clocks_show_no_quiet_hour(
    begins: time, ends: time, zone: str, now: datetime
) -> None:
    if begins == ends:
        return
    hours = Hours(begins, ends)

    until = quiet_until(hours, zone, now)

    is_quiet = _shows_quiet(hours, now, zone)
    assert (until is not None) == is_quiet
    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert not _shows_quiet(hours, until, zone)
        assert _shows_quiet(hours, until - MINUTE, zone)


def _shows_quiet(hours: Hours, moment: datetime, zone: str) -> bool:
    shown = moment.astimezone(ZoneInfo(zone)).time()
    if hours.begins < hours.ends:
        return hours.begins <= shown < hours.ends
    return shown >= hours.begins or shown < hours.ends


def test_a_list_may_say_hours_never_or_nothing() -> None:
    assert checked_quiet(" 22:00 – 07:00 ") == NIGHT.words == "22:00-07:00"
    assert hours_of("22:00-07:00", None) == NIGHT
    assert hours_of("", NIGHT) == NIGHT
    assert hours_of(checked_quiet("None"), NIGHT) is None


@pytest.mark.parametrize("words", ["22-7", "22:00", "24:00-07:00", "07:00-07:00", "nights"])
def test_what_is_no_time_is_refused(words: str) -> None:
    with pytest.raises(Invalid):
        checked_quiet(words)
