"""Promises: made for a whole minute, kept or missed, sooner but never later."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from comms.incident import Severity
from comms.plan.escalation import ESCALATION
from comms.plan.model import Plan
from comms.promise import (
    Promise,
    PromiseState,
    answered,
    first_due,
    next_due,
    tightened,
    withdrawn,
)
from comms.simulation import supposed
from comms.testing.clock import MONDAY

MINUTE = timedelta(minutes=1)
DUE = MONDAY + 30 * MINUTE


def promise(state: PromiseState = PromiseState.OPEN, **changes: object) -> Promise:
    return Promise(
        id=1,
        incident="INC-1",
        audience="executives",
        made_at=MONDAY,
        due_at=DUE,
        state=state,
        **changes,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("audience", "severity", "first", "every"),
    [
        ("responders", Severity.SEV1, 5, 15),
        ("executives", Severity.SEV1, 15, 30),
        ("executives", Severity.SEV3, 15, None),
        ("stakeholders", Severity.SEV3, 15, 240),
        ("customers", Severity.SEV2, 10, 60),
        ("customers", Severity.SEV3, 10, 1440),
    ],
)
def test_the_shipped_cadence(
    plan: Plan, audience: str, severity: Severity, first: int, every: int | None
) -> None:
    who = plan.audience(audience)

    incident = supposed(severity, begin=MONDAY)

    assert first_due(plan, who, incident, MONDAY) == MONDAY + first * MINUTE
    told = next_due(plan, who, incident, MONDAY)
    assert told == (MONDAY + every * MINUTE if every else None)


@pytest.mark.parametrize(
    ("second", "rounded"), [(0, 0), (1, 1), (59, 1)], ids=["whole", "just past", "almost"]
)
def test_a_promise_is_rounded_up_to_the_minute_that_is_printed(
    plan: Plan, second: int, rounded: int
) -> None:
    now = MONDAY + timedelta(seconds=second)

    due = next_due(plan, plan.audience("executives"), supposed(Severity.SEV1, begin=MONDAY), now)

    assert due == MONDAY + (30 + rounded) * MINUTE
    assert due >= now + 30 * MINUTE


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (MONDAY, PromiseState.KEPT),
        (DUE, PromiseState.KEPT),
        (DUE + timedelta(microseconds=1), PromiseState.MISSED),
    ],
)
def test_an_answer_in_time_keeps_a_promise(now: datetime, state: PromiseState) -> None:
    done = answered(promise(), number=3, now=now)

    assert (done.state, done.answered_by, done.answered_at) == (state, 3, now)
    assert not done.is_owed


def test_a_promise_noticed_as_missed_stays_missed() -> None:
    missed = promise(PromiseState.MISSED)
    assert missed.is_owed

    assert answered(missed, number=3, now=DUE).state is PromiseState.MISSED


@pytest.mark.parametrize(
    ("state", "answered_at", "minute", "overdue"),
    [
        (PromiseState.OPEN, None, 30, False),
        (PromiseState.OPEN, None, 31, True),
        (PromiseState.MISSED, None, 31, True),
        (PromiseState.MISSED, DUE, 31, False),
        (PromiseState.KEPT, DUE, 31, False),
        (PromiseState.WITHDRAWN, None, 31, False),
    ],
)
def test_overdue_is_what_readers_still_wait_for(
    state: PromiseState, answered_at: datetime | None, minute: int, overdue: bool
) -> None:
    one = promise(state, answered_at=answered_at)

    assert one.is_overdue(MONDAY + minute * MINUTE) is overdue


def test_a_change_of_severity_brings_a_promise_forward_only() -> None:
    assert tightened(promise(), DUE - 10 * MINUTE).due_at == DUE - 10 * MINUTE
    assert tightened(promise(), DUE) == promise()
    assert tightened(promise(), DUE + MINUTE) == promise()
    missed = promise(PromiseState.MISSED)
    assert tightened(missed, MONDAY) == missed


def test_withdrawing_keeps_a_miss_a_miss() -> None:
    assert withdrawn(promise(), DUE).state is PromiseState.WITHDRAWN
    missed = withdrawn(promise(PromiseState.MISSED), DUE)
    assert (missed.state, missed.answered_by) == (PromiseState.MISSED, None)
    assert not missed.is_owed


def test_the_comms_lead_the_ic_and_the_duty_manager_hear_in_turn() -> None:
    assert [promise().step_at(step) for step in ESCALATION] == [
        DUE - 5 * MINUTE,
        DUE,
        DUE + 5 * MINUTE,
    ]


def test_a_short_promise_nudges_halfway() -> None:
    short = Promise(id=1, incident="i", audience="a", made_at=MONDAY, due_at=MONDAY + 6 * MINUTE)

    assert short.step_at(ESCALATION[0]) == MONDAY + 3 * MINUTE
