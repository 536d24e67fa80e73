"""The CAN report: cleaned once, with the field that is wrong; carried forward to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from comms.errors import Invalid
from comms.report import (
    LINES,
    Actions,
    CanReport,
    CustomerText,
    Need,
    carried_forward,
    cleaned,
    one_tap_done,
)
from tests.house import REPORT

LONG = "x" * 10_001


@pytest.mark.parametrize(
    ("report", "pointer"),
    [
        (CanReport(conditions=" \n"), "/conditions"),
        (CanReport(conditions=LONG), "/conditions"),
        (CanReport(conditions="c", risk=LONG), "/risk"),
        (CanReport(conditions="c", actions=Actions(done=("a", LONG))), "/actions/done/1"),
        (CanReport(conditions="c", actions=Actions(doing=(LONG,))), "/actions/doing/0"),
        (CanReport(conditions="c", actions=Actions(next=("a",) * (LINES + 1))), "/actions/next"),
        (CanReport(conditions="c", needs=(Need(text="n"), Need(text=LONG))), "/needs/1/text"),
        (CanReport(conditions="c", needs=(Need(text="n", owner="o" * 201),)), "/needs/0/owner"),
        (CanReport(conditions="c", needs=(Need(text="n"),) * (LINES + 1)), "/needs"),
        (CanReport(conditions="c", customer=CustomerText(symptom=LONG)), "/customer/symptom"),
        (
            CanReport(conditions="c", customer=CustomerText(symptom="", scope="all")),
            "/customer/symptom",
        ),
        (
            CanReport(conditions="c", customer=CustomerText(symptom="s", workaround=LONG)),
            "/customer/workaround",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_field(report: CanReport, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        cleaned(report)
    assert caught.value.pointer == pointer


def test_the_time_of_a_need_is_kept_in_utc_and_must_name_its_zone() -> None:
    by = datetime(2026, 1, 5, 10, 30, tzinfo=ZoneInfo("Europe/Zurich"))

    kept = cleaned(CanReport(conditions="c", needs=(Need(text="n", by=by),)))

    assert kept.needs[0].by == by
    assert kept.needs[0].by.utcoffset() == timedelta(0)
    with pytest.raises(Invalid, match="with its zone") as caught:
        cleaned(CanReport(conditions="c", needs=(Need(text="n", by=by.replace(tzinfo=None)),)))
    assert caught.value.pointer == "/needs/0/by"


def test_empty_lines_are_left_out() -> None:
    report = CanReport(
        conditions=" Payments fail.\r\n",
        actions=Actions(done=("", " Paged "), next=("\x00",)),
        needs=(Need(text=" "), Need(text=" A contact ", owner=" Vendor\ndesk ")),
        customer=CustomerText(symptom=" "),
    )

    kept = cleaned(report)

    assert kept.conditions == "Payments fail."
    assert kept.actions == Actions(done=("Paged",))
    assert kept.needs == (Need(text="A contact", owner="Vendor desk"),)
    assert kept.customer is None


def test_a_good_report_is_kept_as_it_is() -> None:
    assert cleaned(REPORT) == REPORT


def test_the_meter_counts_conditions_actions_and_needs_only() -> None:
    report = CanReport(
        conditions="one two",
        actions=Actions(done=("three",), doing=("four five",), next=("six",)),
        needs=(Need(text="seven eight", owner="not counted"),),
        risk="not counted",
        customer=CustomerText(symptom="not counted"),
    )

    assert report.words == 8


def test_the_next_form_opens_with_all_but_what_is_done() -> None:
    carried = carried_forward(REPORT)

    assert carried == replace(REPORT, actions=replace(REPORT.actions, done=()))


def test_one_tap_moves_everything_on() -> None:
    report = CanReport(conditions="c", actions=Actions(done=("a",), doing=("b", "c"), next=("d",)))

    assert one_tap_done(report).actions == Actions(done=("a", "b", "c"), doing=("d",), next=())
