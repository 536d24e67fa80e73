"""How a plan writes times and rates."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from comms.plan.duration import DURATION_PATTERN, duration, every, rate, written

LENGTHS = st.integers(min_value=1, max_value=31 * 24 * 60).map(lambda n: timedelta(minutes=n))


@given(LENGTHS)
def test_what_is_written_reads_back_the_same(length: timedelta) -> None:
    assert every(written(length)) == length


@given(st.text(max_size=20) | st.integers() | st.none() | st.booleans() | st.floats())
def test_anything_else_is_refused_with_what_was_expected(value: object) -> None:
    if isinstance(value, str) and re.fullmatch(DURATION_PATTERN, value):
        assume(False)
    with pytest.raises(ValueError, match=r"^expected a time such as"):
        duration(value)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("15m", timedelta(minutes=15)),
        ("60m", timedelta(hours=1)),
        ("4h", timedelta(hours=4)),
        ("2d", timedelta(days=2)),
    ],
)
def test_minutes_hours_and_days_are_read(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["daily", "on change, daily", "on change,daily", "1d", "24h"])
def test_daily_is_at_most_a_day_between_two_updates(text: str) -> None:
    assert every(text) == timedelta(days=1)


def test_on_change_promises_no_interval() -> None:
    assert every("on change") is None
    assert written(None) == "on change"


@pytest.mark.parametrize(
    "text", ["0m", "-5m", "15", "15 m", "1.5h", "15M", "٣m", "9" * 9 + "m", ""]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time"):
        duration(text)


def test_a_number_without_a_unit_says_so() -> None:
    with pytest.raises(ValueError, match="found the number 15, which has no unit"):
        duration(15)


def test_a_mistyped_on_change_suggests_the_right_one() -> None:
    with pytest.raises(ValueError, match=r"Did you mean 'on change'\?"):
        every("onchange")


def test_more_than_a_month_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 31d, found '32d'"):
        duration("32d")


@pytest.mark.parametrize(
    ("text", "per_second"), [("20/s", 20.0), ("30/min", 0.5), ("3600/h", 1.0), ("86400/d", 1.0)]
)
def test_a_rate_is_read_as_messages_a_second(text: str, per_second: float) -> None:
    assert rate(text) == per_second


@pytest.mark.parametrize("value", [30, "30", "0/s", "30/minute", "-1/s", None])
def test_what_is_no_rate_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a rate such as"):
        rate(value)


def test_a_rate_beyond_what_a_relay_takes_names_the_bound() -> None:
    assert rate("10000/s") == 10_000
    with pytest.raises(ValueError, match="expected at most 10000/s, found '10001/s'"):
        rate("10001/s")
