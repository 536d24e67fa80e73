"""When a failed delivery is tried again: by its reason, later each time, not for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comms.delivery import TRANSIENT, DeliveryState, Outcome, Reason
from comms.retries import ATTEMPTS, FIRST_WAIT, LONGEST_WAIT, again
from comms.testing.clock import MONDAY


def wait(
    state: DeliveryState,
    reason: Reason | None = None,
    *,
    attempt: int = 1,
    retry_after: timedelta | None = None,
) -> timedelta | None:
    outcome = Outcome(delivery=1, state=state, reason=reason, retry_after=retry_after)
    due = again(outcome, attempt, MONDAY)
    return due - MONDAY if due else None


@pytest.mark.parametrize("reason", [None, *Reason])
def test_what_was_accepted_is_never_sent_again(reason: Reason | None) -> None:
    assert wait(DeliveryState.ACCEPTED, reason) is None


@pytest.mark.parametrize("reason", sorted(set(Reason) - TRANSIENT - {Reason.WORKER_LOST}))
def test_a_refusal_for_good_is_never_sent_again(reason: Reason) -> None:
    assert wait(DeliveryState.REJECTED, reason) is None
    assert wait(DeliveryState.REJECTED) is None


@pytest.mark.parametrize("reason", sorted(TRANSIENT))
@pytest.mark.parametrize("attempt", range(1, ATTEMPTS))
def test_a_refusal_that_may_pass_waits_longer_each_time(reason: Reason, attempt: int) -> None:
    wanted = min(FIRST_WAIT[reason] * 2 ** (attempt - 1), LONGEST_WAIT)

    for _ in range(20):
        waited = wait(DeliveryState.REJECTED, reason, attempt=attempt)
        assert waited is not None
        assert wanted * 0.75 <= waited <= wanted * 1.25


def test_waits_differ_so_that_not_all_come_back_at_once() -> None:
    waits = {wait(DeliveryState.REJECTED, Reason.THROTTLED) for _ in range(20)}

    assert len(waits) > 10


@pytest.mark.parametrize("state", [DeliveryState.REJECTED, DeliveryState.UNKNOWN])
def test_the_last_attempt_is_the_last(state: DeliveryState) -> None:
    assert wait(state, Reason.TEMPORARY, attempt=ATTEMPTS) is None


def test_an_unknown_outcome_is_tried_again_after_a_minute_or_so() -> None:
    waited = wait(DeliveryState.UNKNOWN, Reason.NO_REPLY)

    assert waited is not None
    assert timedelta(seconds=45) <= waited <= timedelta(seconds=75)


def test_what_a_lost_worker_had_begun_is_tried_again_at_once_under_its_key() -> None:
    assert wait(DeliveryState.UNKNOWN, Reason.WORKER_LOST) == timedelta(0)
    assert wait(DeliveryState.UNKNOWN, Reason.WORKER_LOST, attempt=ATTEMPTS) is None


def test_the_platforms_own_wish_is_honoured_where_it_is_longer() -> None:
    hour = timedelta(hours=1)

    assert wait(DeliveryState.REJECTED, Reason.THROTTLED, retry_after=hour) == hour
    soon = wait(DeliveryState.REJECTED, Reason.TEMPORARY, retry_after=timedelta(seconds=1))
    assert soon is not None
    assert soon > timedelta(seconds=5)
