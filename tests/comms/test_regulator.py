"""Regulators' deadlines, as the laws count them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.errors import NotFound
from comms.regulator.form import GATHER
from comms.regulator.regime import regimes
from comms.regulator.span import span

START = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


def due(regime: str, stage: str, start: datetime = START, **filed: datetime) -> datetime:
    law = regimes()[regime]
    return law.due(law.stage(stage), started=start, aware=start, filed=filed)


def test_hours_run_through_the_night_in_which_the_clocks_change() -> None:
    assert due("gdpr", "notification") == START + timedelta(hours=72)
    assert due("cert-in", "report") == START + timedelta(hours=6)


def test_a_stage_counts_from_the_filing_before_it_and_before_that_from_its_last_moment() -> None:
    assert due("nis2", "final") == datetime(2026, 4, 30, 22, 30, tzinfo=UTC)

    filed = START + timedelta(hours=30)

    assert due("nis2", "final", notification=filed) == datetime(2026, 4, 29, 4, 30, tzinfo=UTC)


def test_a_month_after_the_last_of_a_long_one_is_the_last_of_a_short_one() -> None:
    assert span("1 month").after(datetime(2027, 1, 31, 9, tzinfo=UTC)) == datetime(
        2027, 2, 28, 9, tzinfo=UTC
    )


def test_what_is_classified_late_is_due_a_day_after_it_was_known() -> None:
    law = regimes()["dora"]
    initial, aware = law.stage("initial"), START

    def classified(hours: int) -> timedelta:
        started = aware + timedelta(hours=hours)
        return law.due(initial, started=started, aware=aware, filed={}) - aware

    assert classified(1) == timedelta(hours=5)
    assert classified(22) == timedelta(hours=24)
    assert classified(30) == timedelta(hours=34)  # the outer limit has passed: four hours are left


@pytest.mark.parametrize(
    ("determined", "wanted"),
    [
        ("2026-11-23 10:00", "2026-11-30 17:30"),  # Thanksgiving and a weekend lie between
        ("2026-11-22 10:00", "2026-11-27 17:30"),  # a Sunday: Monday is the first of the four
        ("2026-12-24 20:00", "2026-12-31 17:30"),  # Christmas is a Friday
        ("2026-06-01 09:00", "2026-06-05 17:30"),
    ],
)
def test_business_days_leave_out_weekends_and_public_holidays(determined: str, wanted: str) -> None:
    start = datetime.fromisoformat(determined).replace(tzinfo=NEW_YORK).astimezone(UTC)

    got = due("sec-8k", "report", start).astimezone(NEW_YORK)

    assert got.strftime("%Y-%m-%d %H:%M") == wanted


@given(
    start=st.timedeltas(timedelta(), timedelta(days=3_000)).map(lambda after: START + after),
    later=st.timedeltas(timedelta(), timedelta(days=40)),
)
def test_a_deadline_lies_after_its_start_and_comes_no_sooner_for_a_later_one(
    start: datetime, later: timedelta
) -> None:
    for law in regimes().values():
        for stage in law.stages:
            first = law.due(stage, started=start, aware=start, filed={})
            second = law.due(stage, started=start + later, aware=start + later, filed={})
            assert start < first
            assert first.date() <= second.date()  # in hours: a month of fewer days ends sooner


def test_every_regime_names_its_source_its_review_and_stages_that_exist() -> None:
    for name, law in regimes().items():
        assert law.source.startswith("https://"), name
        assert law.reviewed.year >= 2026
        for stage in law.stages:
            assert not stage.after or law.stage(stage.after)
        for field in law.form:
            assert not field.gather or field.gather in GATHER


def test_an_unknown_stage_names_the_known_ones() -> None:
    with pytest.raises(NotFound, match="Known: warning, notification, final"):
        regimes()["nis2"].stage("draft")


@pytest.mark.parametrize("text", ["", "72", "four days", "1 year", "-1h", "9999h"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time such as"):
        span(text)
