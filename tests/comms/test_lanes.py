"""Lanes: where promises and their marks stand on the line of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.adherence import Mark
from comms.incident import Status
from comms.lanes import TICKS, lanes, place, ticks
from comms.promise import PromiseState
from comms.testing.clock import MONDAY
from tests.comms.test_adherence import KEPT, LATE, MINUTE, WITHDRAWN, at, promised, record, went_out


def test_each_fate_of_a_promise_has_a_mark_of_its_own() -> None:
    owed = promised(30, state=PromiseState.MISSED)
    given_up = replace(owed, answered_at=at(40))

    drawn = lanes(record(KEPT, LATE, owed, given_up, promised(90), WITHDRAWN), now=at(60))

    [lane] = drawn.lanes
    assert [bar.mark for bar in lane.bars] == [
        Mark.KEPT,
        Mark.LATE,
        Mark.UNANSWERED,
        Mark.UNANSWERED,
        Mark.OPEN,
        Mark.WITHDRAWN,
    ]


def test_the_line_runs_from_the_declaration_to_the_last_thing_that_happens() -> None:
    drawn = lanes(record(LATE, promised(50, made=34)), now=at(40))

    assert (drawn.begin, drawn.end) == (MONDAY, at(50))
    late, still_open = drawn.lanes[0].bars
    assert (late.begin, late.due, late.end, late.waited, late.late) == (0, 60, 68, 60, 8)
    assert (still_open.begin, still_open.end, still_open.late) == (68, 100, 0)


def test_a_kept_promise_is_drawn_to_its_answer_only() -> None:
    [bar] = lanes(record(promised(30, 15, PromiseState.KEPT)), now=at(60)).lanes[0].bars

    assert (bar.waited, bar.end, bar.late) == (bar.end, 100, 0)


def test_what_is_owed_grows_with_the_minute_and_not_within_it() -> None:
    owed = record(promised(30))

    assert lanes(owed, now=at(40)) == lanes(owed, now=at(40) + timedelta(seconds=59))
    assert lanes(owed, now=at(40)) != lanes(owed, now=at(41))


def test_an_incident_of_a_moment_has_a_line_all_the_same() -> None:
    drawn = lanes(record(promised(0, 0, PromiseState.KEPT)), now=at(0))

    assert drawn.end - drawn.begin == 10 * MINUTE


def test_who_was_told_without_a_promise_has_no_lane() -> None:
    one = record(KEPT, sent=(went_out(10, "regulator"),), status=Status.RESOLVED, resolved=20)

    assert [lane.audience for lane in lanes(one, now=at(60)).lanes] == ["executives"]


@pytest.mark.parametrize(
    ("minutes", "first", "apart"), [(60, 0, 15), (90, 0, 30), (6 * 60, 30, 120)]
)
def test_ticks_are_whole_moments(minutes: int, first: int, apart: int) -> None:
    found = [tick.at for tick in ticks(MONDAY, at(minutes))]

    assert found[:2] == [at(first), at(first + apart)]


@given(
    begin=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    length=st.timedeltas(MINUTE, timedelta(days=400)),
)
def test_there_are_never_more_ticks_than_a_phone_has_room_for(
    begin: datetime, length: timedelta
) -> None:
    start = begin.replace(tzinfo=MONDAY.tzinfo)

    found = ticks(start, start + length)

    assert len(found) <= TICKS
    assert all(0 <= tick.place <= 100 for tick in found)


def test_what_lies_outside_of_the_line_stands_at_its_ends() -> None:
    assert place(at(-5), begin=MONDAY, end=at(10)) == 0
    assert place(at(15), begin=MONDAY, end=at(10)) == 100
