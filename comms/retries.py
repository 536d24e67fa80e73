"""When a delivery that failed is tried again: by reason, with backoff and jitter, not for ever."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from comms.delivery import DeliveryState, Outcome, Reason
from comms.ledger import LATEST_RETRY

FIRST_WAIT: dict[Reason, timedelta] = {
    # The throttle keeps the distance; a longer wait would only leave its permits unused.
    Reason.THROTTLED: timedelta(seconds=1),
    Reason.TEMPORARY: timedelta(seconds=30),
    Reason.UNREACHABLE: timedelta(seconds=15),
    Reason.AUTHENTICATION: timedelta(seconds=30),
}
LONGEST_WAIT = timedelta(minutes=10)
ATTEMPTS = 12


def again(
    outcome: Outcome, attempt: int, now: datetime, *, holds_unknown: bool = False
) -> datetime | None:
    """Return when to try again; None: never by itself.

    A refusal that may pass is tried again. An unknown outcome (content handed over, no reply; a
    worker that went away) is tried again under the same idempotency key, which lets the other
    side drop the duplicate; `holds_unknown`: not before a person says so.
    """
    if holds_unknown and outcome.state is DeliveryState.UNKNOWN:
        return None
    if attempt >= ATTEMPTS or outcome.state is DeliveryState.ACCEPTED:
        return None
    if outcome.reason is Reason.WORKER_LOST:
        return now
    if outcome.state is DeliveryState.UNKNOWN:
        wait = timedelta(seconds=60)
    elif outcome.reason and outcome.reason.is_transient:
        wait = FIRST_WAIT[outcome.reason]
    else:
        return None
    backed_off = min(wait * 2 ** (attempt - 1), LONGEST_WAIT)
    jittered: timedelta = backed_off * random.uniform(0.75, 1.25)  # noqa: S311 (spreads load, hides nothing)
    return now + max(jittered, min(outcome.retry_after or timedelta(0), LATEST_RETRY))


def ended(outcome: Outcome) -> Outcome:
    """Return the final outcome of a delivery: one that may have passed is exhausted.

    The platform's last words stay, or the last reason where it had none.
    """
    if outcome.state is DeliveryState.REJECTED and outcome.reason and outcome.reason.is_transient:
        words = outcome.detail or outcome.reason.value
        return outcome._replace(reason=Reason.EXHAUSTED, detail=words)
    return outcome
