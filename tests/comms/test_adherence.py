"""Adherence: each figure from a small record whose answer can be counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from comms.adherence import Figures, adherence, over_time
from comms.incident import Severity, Status
from comms.promise import Promise, PromiseState
from comms.record import Reach, Record, Sent
from comms.testing.clock import MONDAY
from comms.update import Kind

MINUTE = timedelta(minutes=1)
OUTSIDE = frozenset({"customers"})
UTC_ZONE = ZoneInfo("UTC")


def at(minute: float) -> datetime:
    """So many minutes after the declaration."""
    return MONDAY + minute * MINUTE


def promised(
    due: float,
    answered: float | None = None,
    state: PromiseState = PromiseState.OPEN,
    *,
    audience: str = "executives",
    made: float = 0,
    by: int | None = None,
) -> Promise:
    return Promise(
        id=1,
        incident="INC-1",
        audience=audience,
        made_at=at(made),
        due_at=at(due),
        state=state,
        answered_by=by if by or answered is None else 1,
        answered_at=None if answered is None else at(answered),
    )


def went_out(
    minute: float,
    *audiences: str,
    number: int = 1,
    kind: Kind = Kind.UPDATE,
    drafted: float | None = None,
    was_asked: bool = True,
) -> Sent:
    return Sent(
        number=number,
        kind=kind,
        audiences=audiences or ("executives",),
        drafted_at=at(minute if drafted is None else drafted),
        approved_at=at(minute),
        was_asked=was_asked,
    )


def record(
    *promises: Promise,
    sent: tuple[Sent, ...] = (),
    status: Status = Status.INVESTIGATING,
    resolved: float | None = None,
    declared: datetime = MONDAY,
    reach: dict[str, Reach] | None = None,
    seen: dict[str, int] | None = None,
) -> Record:
    return Record(
        incident="INC-1",
        title="Card payments failing",
        severity=Severity.SEV1,
        status=status,
        declared_at=declared,
        resolved_at=None if resolved is None else at(resolved),
        promises=promises,
        sent=sent,
        reach=reach or {},
        seen=seen or {},
    )


def figures(one: Record, minute: float = 60) -> Figures:
    return adherence(one, outside=OUTSIDE, now=at(minute)).all


KEPT = promised(30, 29, PromiseState.KEPT)
LATE = promised(30, 34, PromiseState.MISSED)
WITHDRAWN = promised(30, None, PromiseState.WITHDRAWN)


def test_kept_and_missed_count_as_promised_open_and_withdrawn_as_neither() -> None:
    found = figures(record(KEPT, LATE, WITHDRAWN, promised(90)))

    assert (found.promised, found.kept, found.still_open, found.withdrawn) == (2, 1, 1, 1)
    assert found.on_time == 0.5


def test_nothing_promised_is_no_share_at_all() -> None:
    assert figures(record()).on_time is None
    assert figures(record(WITHDRAWN, promised(90))).on_time is None


def test_a_promise_that_has_passed_is_missed_before_anybody_has_noticed() -> None:
    found = figures(record(promised(30)), minute=45)

    assert (found.promised, found.kept, found.still_open) == (1, 0, 0)
    assert found.late_worst == 15 * MINUTE


def test_a_promise_is_not_late_at_the_very_moment_that_was_printed() -> None:
    assert figures(record(promised(30)), minute=30).still_open == 1


def test_lateness_is_of_missed_promises_only() -> None:
    later = promised(60, 70, PromiseState.MISSED, made=34)
    latest = promised(60, 80, PromiseState.MISSED, made=34)

    found = figures(record(KEPT, LATE, later, latest))

    assert (found.late_median, found.late_worst) == (10 * MINUTE, 20 * MINUTE)
    assert figures(record(KEPT)).late_median is None


def test_a_promise_never_answered_is_late_until_the_incident_ended() -> None:
    ended = promised(30, 50, PromiseState.MISSED, by=None)

    assert figures(record(ended), minute=600).late_worst == 20 * MINUTE


def test_silence_is_counted_from_the_first_promise_between_updates_and_until_now() -> None:
    sent = (went_out(10), went_out(25, number=2))

    assert figures(record(KEPT, sent=sent), minute=30).longest_silence == 15 * MINUTE
    assert figures(record(KEPT, sent=sent), minute=50).longest_silence == 25 * MINUTE
    first = promised(15, made=5)
    assert figures(record(first), minute=25).longest_silence == 20 * MINUTE


def test_after_the_end_was_told_nobody_listens_for_more() -> None:
    sent = (
        went_out(10),
        went_out(20, number=2, kind=Kind.RESOLVED),
        went_out(500, number=3, kind=Kind.CORRECTION),
        went_out(510, number=4, kind=Kind.RESOLVED),
    )

    found = figures(record(KEPT, sent=sent, status=Status.RESOLVED, resolved=18), minute=9_000)

    assert found.longest_silence == 10 * MINUTE


def test_an_end_that_nobody_was_told_of_ends_the_silence_all_the_same() -> None:
    ended = record(KEPT, sent=(went_out(10),), status=Status.RESOLVED, resolved=40)

    assert figures(ended, minute=9_000).longest_silence == 30 * MINUTE


def test_an_audience_that_was_never_told_and_is_owed_nothing_hears_no_silence() -> None:
    ended = record(WITHDRAWN, status=Status.CLOSED)

    assert figures(ended).longest_silence is None


def test_the_first_notice_of_an_incident_is_the_first_to_people_outside() -> None:
    sent = (went_out(5, "executives"), went_out(12, "executives", "customers", number=2))
    found = adherence(record(sent=sent), outside=OUTSIDE, now=at(60))

    assert found.all.first_notice == 12 * MINUTE
    assert found.audiences["executives"].first_notice == 5 * MINUTE
    assert found.audiences["customers"].first_notice == 12 * MINUTE
    assert figures(record(sent=sent[:1])).first_notice is None


def test_the_wait_for_approval_is_of_updates_that_somebody_had_to_approve() -> None:
    sent = (
        went_out(10, drafted=4),
        went_out(20, number=2, drafted=18),
        went_out(90, number=3, drafted=30, was_asked=False),
    )

    found = figures(record(sent=sent), minute=100)

    assert (found.approval_wait_median, found.approval_wait_worst) == (4 * MINUTE, 6 * MINUTE)


def test_an_update_to_two_audiences_is_one_update_with_one_wait() -> None:
    both = went_out(10, "executives", "customers", drafted=4, kind=Kind.CORRECTION)
    found = adherence(record(sent=(both,)), outside=OUTSIDE, now=at(60))

    assert (found.all.updates, found.all.corrections) == (1, 1)
    assert {name: one.updates for name, one in found.audiences.items()} == {
        "executives": 1,
        "customers": 1,
    }


def test_reach_and_acknowledgements_add_up_over_the_audiences() -> None:
    one = record(
        KEPT,
        promised(30, 29, PromiseState.KEPT, audience="customers"),
        reach={"executives": Reach(meant=4, accepted=3), "customers": Reach(meant=10, accepted=9)},
        seen={"executives": 2},
    )

    found = figures(one)

    assert (found.meant, found.reached, found.acknowledged) == (14, 12, 2)


@pytest.mark.parametrize("clock_set_back", [-30, -1])
def test_a_clock_that_was_set_back_makes_no_time_negative(clock_set_back: int) -> None:
    late = promised(30, clock_set_back, PromiseState.MISSED)
    found = figures(record(late, sent=(went_out(clock_set_back, "executives", drafted=10),)))

    spans = (found.late_worst, found.longest_silence, found.approval_wait_worst)
    assert all(span is not None and span >= timedelta(0) for span in spans)


def test_months_are_those_of_the_plans_time_zone() -> None:
    new_year = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    records = [record(LATE, declared=new_year), record(KEPT, declared=MONDAY)]

    zurich = over_time(records, outside=OUTSIDE, zone=ZoneInfo("Europe/Zurich"), now=at(60))
    utc = over_time(records, outside=OUTSIDE, zone=UTC_ZONE, now=at(60))

    assert [(one.month, one.incidents) for one in zurich.months] == [("2026-01", 2)]
    assert [(one.month, one.figures.kept) for one in utc.months] == [("2025-12", 0), ("2026-01", 1)]


def test_a_period_adds_its_incidents_up_before_it_takes_a_median() -> None:
    slow = tuple(promised(30, 30 + late, PromiseState.MISSED) for late in (2, 4, 30))
    records = [record(LATE), record(*slow), record(KEPT)]

    found = over_time(records, outside=OUTSIDE, zone=UTC_ZONE, now=at(60))

    assert found.incidents == 3
    assert (found.all.promised, found.all.kept) == (5, 1)
    assert (found.all.late_median, found.all.late_worst) == (4 * MINUTE, 30 * MINUTE)
    assert found.audiences["executives"] == found.all


def test_a_period_without_incidents_has_no_figures() -> None:
    found = over_time([], outside=OUTSIDE, zone=UTC_ZONE, now=at(60))

    assert (found.incidents, found.months, found.all.on_time) == (0, (), None)
