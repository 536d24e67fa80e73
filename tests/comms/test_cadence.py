"""A cadence: an interval, a mark of the clock or a time of day, whichever is promised sooner."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.plan.cadence import COUNTS_AS, Cadence, Long
from comms.plan.duration import SNAPS, duration
from comms.wall_clock import first_from, last_until, marks

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZURICH = ZoneInfo("Europe/Zurich")

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
zones = st.sampled_from(ZONES).map(ZoneInfo)
clocks = st.sampled_from(
    [
        *["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "America/Havana"],
        *["Antarctica/Troll", "Pacific/Apia", "Asia/Kathmandu", "UTC"],
    ]
).map(ZoneInfo)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(tzinfo=UTC)
)
# Where clocks are put forward or back, and on a leap day.
turns = st.builds(
    lambda day, span: day + span,
    st.sampled_from(
        [
            datetime(2026, 3, 29, tzinfo=UTC),
            datetime(2026, 10, 25, tzinfo=UTC),
            datetime(2026, 3, 8, tzinfo=UTC),
            datetime(2026, 4, 4, 12, tzinfo=UTC),
            datetime(2026, 11, 1, tzinfo=UTC),
            datetime(2011, 12, 30, tzinfo=UTC),
            datetime(2028, 2, 29, tzinfo=UTC),
        ]
    ),
    st.timedeltas(-DAY, DAY),
)
told = st.one_of(moments, turns)
snaps = st.sampled_from([duration(snap) for snap in SNAPS])
times = st.lists(st.times().map(lambda at: time(at.hour, at.minute)), min_size=1, max_size=4).map(
    lambda found: tuple(sorted(set(found)))
)


def at(text: str, zone: ZoneInfo = ZURICH) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def cadence(every: timedelta | None = None, **more: object) -> Cadence:
    return Cadence(first=15 * MINUTE, every=every, zone=ZURICH, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told_at", "next_by"),
    [
        ("14:00", "14:30"),
        ("14:07", "14:30"),  # sooner than the interval, on the mark
        ("14:15", "14:30"),
        ("14:16", "15:00"),  # 14:30 would come before half of it is over
        ("14:29", "15:00"),
    ],
)
def test_a_snapped_promise_is_on_the_clock(told_at: str, next_by: str) -> None:
    half_past = cadence(30 * MINUTE, snap=30 * MINUTE)

    assert half_past.next_by(at(f"2026-06-01 {told_at}")) == at(f"2026-06-01 {next_by}")


@given(told_at=told, zone=clocks, snap=snaps, times=st.integers(2, 12))
def test_a_mark_that_is_half_an_interval_or_less_keeps_the_interval_the_longest(
    told_at: datetime, zone: ZoneInfo, snap: timedelta, times: int
) -> None:
    every = min(times * snap, 31 * DAY)
    due = Cadence(first=None, every=every, snap=snap, zone=zone).next_by(told_at)

    assert due is not None
    # Where clocks are put forward, marks that lie further apart than an hour come sooner or later.
    shift = timedelta() if snap <= HOUR / 2 else 3 * HOUR if zone.key != "Pacific/Apia" else DAY
    assert told_at + every / 2 - shift <= due <= told_at + every + shift


@given(told_at=told, zone=zones, snap=snaps, every=st.timedeltas(5 * MINUTE, 31 * DAY))
def test_a_snapped_promise_lies_ahead_on_a_mark_and_never_before_half_the_interval(
    told_at: datetime, zone: ZoneInfo, snap: timedelta, every: timedelta
) -> None:
    due = Cadence(first=None, every=every, snap=snap, zone=zone).next_by(told_at)

    assert due is not None
    assert due >= told_at + every / 2
    assert last_until(due, marks(snap), zone) == due


@given(begin=told, zone=zones, snap=st.none() | snaps, at=st.just(()) | times)
def test_whoever_is_told_later_is_never_promised_sooner(
    begin: datetime, zone: ZoneInfo, snap: timedelta | None, at: tuple[time, ...]
) -> None:
    one = Cadence(first=None, every=2 * HOUR, snap=snap, at=at, zone=zone)

    dues = [one.next_by(begin + minutes * MINUTE) for minutes in range(0, 300, 23)]

    assert all(due is not None for due in dues)
    assert all(before <= after for before, after in pairwise(dues) if before and after)


def test_a_scheduled_update_is_promised_for_its_time_in_its_zone() -> None:
    daily = cadence(at=(time(8), time(16)))

    assert daily.next_by(at("2026-06-01 09:00")) == at("2026-06-01 16:00")
    assert daily.next_by(at("2026-06-01 17:00")) == at("2026-06-02 08:00")
    # Eight is eight, although a day has 23 hours.
    assert daily.next_by(at("2026-03-28 17:00")) == at("2026-03-29 08:00")


def test_whoever_is_told_just_before_a_scheduled_time_has_been_told() -> None:
    daily = cadence(at=(time(8), time(16)))

    assert daily.next_by(at("2026-06-01 07:30")) == at("2026-06-01 08:00")
    assert daily.next_by(at("2026-06-01 07:31")) == at("2026-06-01 16:00")


def test_the_interval_or_the_schedule_is_promised_whichever_is_sooner() -> None:
    both = cadence(4 * HOUR, at=(time(8),))

    assert both.next_by(at("2026-06-01 02:00")) == at("2026-06-01 06:00")
    assert both.next_by(at("2026-06-01 06:00")) == at("2026-06-01 08:00")


def test_a_time_that_is_left_out_comes_an_hour_later_and_one_that_comes_twice_once() -> None:
    at_half_past_two = cadence(at=(time(2, 30),))

    assert at_half_past_two.next_by(at("2026-03-28 12:00")) == at("2026-03-29 03:30")
    first = at_half_past_two.next_by(at("2026-10-24 12:00"))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    # An hour later the clock shows half past two again.
    assert at_half_past_two.next_by(first) == at("2026-10-26 02:30")


@given(told_at=told, zone=zones, times=times)
def test_a_scheduled_time_comes_once_a_day(
    told_at: datetime, zone: ZoneInfo, times: tuple[time, ...]
) -> None:
    one = Cadence(first=None, every=None, at=times, zone=zone)
    due = one.next_by(told_at)

    assert due is not None
    assert due >= told_at + COUNTS_AS
    assert first_from(due, times, zone) == due
    again = one.next_by(due)
    assert again is not None
    assert again >= due + COUNTS_AS


@given(told_at=moments, every=st.timedeltas(MINUTE, 31 * DAY))
def test_an_interval_is_promised_for_the_minute_in_which_it_is_over(
    told_at: datetime, every: timedelta
) -> None:
    due = cadence(every).next_by(told_at)

    assert due is not None
    assert timedelta() <= due - told_at - every < MINUTE
    assert (due.second, due.microsecond) == (0, 0)


def test_a_long_incident_is_told_of_less_often_from_its_hour_on() -> None:
    one = cadence(30 * MINUTE, long=Long(after=4 * HOUR, times=2))

    assert one.aged(4 * HOUR - MINUTE).every == 30 * MINUTE
    assert one.aged(4 * HOUR).every == HOUR
    assert one.aged(40 * HOUR).every == HOUR


def test_on_change_stays_on_change_however_long_it_takes() -> None:
    one = cadence(None, long=Long(after=4 * HOUR, times=2))

    assert one.aged(5 * HOUR).next_by(at("2026-06-01 12:00")) is None
