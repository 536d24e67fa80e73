"""When digests leave: once for each local date, at the hour that the reader chose, never early."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from comms.slot import Slot, name_of, next_at, slot_of

ZONES = (
    *("UTC", "Europe/Zurich", "America/New_York", "America/St_Johns", "Australia/Lord_Howe"),
    *("Asia/Kathmandu", "Pacific/Apia", "Asia/Beirut", "Africa/Casablanca", "America/Santiago"),
)
slots = st.builds(Slot, st.sampled_from(ZONES), st.integers(0, 23), st.none() | st.integers(0, 6))
moments = st.integers(1_262_304_000, 2_145_916_800).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)  # 2010 to 2037
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(slots, moments)
def test_the_next_moment_is_later_and_at_the_hour_or_where_the_clock_leapt_over_it(
    slot: Slot, now: datetime
) -> None:
    moment = next_at(slot, now)

    local = moment.astimezone(ZoneInfo(slot.zone))
    assert moment > now
    if local.timetz().replace(tzinfo=None) != time(slot.hour):
        before = (moment - timedelta(seconds=1)).astimezone(ZoneInfo(slot.zone))
        assert before.utcoffset() != local.utcoffset()  # the moment at which the clock leapt
        assert (local.date(), local.hour) >= (before.date(), slot.hour)


@given(slots, moments)
def test_no_local_date_is_missed_and_none_comes_twice(slot: Slot, now: datetime) -> None:
    zone = ZoneInfo(slot.zone)
    moment, days = now, []
    for _ in range(5):
        moment = next_at(slot, moment)
        days.append(moment.astimezone(zone).date())

    gaps = {later - earlier for earlier, later in pairwise(days)}
    step = timedelta(days=7 if slot.weekday is not None else 1)
    # Samoa left out a whole day when it crossed the date line, at the end of 2011.
    assert gaps == {step} or (slot.zone == "Pacific/Apia" and days[0].year in {2011, 2012})
    assert min(gaps) > timedelta(0)


@given(slots, moments, st.integers(0, 3 * 86_400))
def test_asking_later_never_gives_an_earlier_moment(
    slot: Slot, now: datetime, seconds: int
) -> None:
    assert next_at(slot, now + timedelta(seconds=seconds)) >= next_at(slot, now)


@given(slots)
def test_a_slot_is_read_back_from_its_name(slot: Slot) -> None:
    assert slot_of(name_of(slot)) == slot


def test_an_hour_that_the_clock_leaps_over_is_the_moment_at_which_it_does() -> None:
    slot = Slot("Europe/Zurich", 2)

    assert next_at(slot, at("2026-03-28T12:00")) == at("2026-03-29T01:00")
    assert next_at(slot, at("2026-03-29T01:00")) == at("2026-03-30T00:00")


def test_an_hour_that_comes_twice_counts_once() -> None:
    slot = Slot("Europe/Zurich", 2)

    assert next_at(slot, at("2026-10-24T12:00")) == at("2026-10-25T00:00")
    assert next_at(slot, at("2026-10-25T00:00")) == at("2026-10-26T01:00")


def test_a_weekly_slot_comes_on_its_weekday_as_its_readers_have_it() -> None:
    # Monday 08:00 in Auckland is still Sunday in UTC.
    assert next_at(Slot("Pacific/Auckland", 8, 0), at("2026-11-18T00:00")) == at("2026-11-22T19:00")
