"""When a delivery that failed is tried again: by reason, with backoff and jitter, not for ever."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from comms.delivery import DeliveryState, Outcome, Reason
from comms.ledger import LATEST_RETRY

FIRST_WAIT: dict[Reason, timedelta] = {
    Reason.THROTTLED: timedelta(seconds=10),
    Reason.TEMPORARY: timedelta(seconds=30),
    Reason.UNREACHABLE: timedelta(seconds=15),
    Reason.AUTHENTICATION: timedelta(seconds=30),
}
LONGEST_WAIT = timedelta(minutes=10)
ATTEMPTS = 12


def again(outcome: Outcome, attempt: int, now: datetime) -> datetime | None:
    """Return when to try again; None: never.

    A refusal that may pass is tried again. An unknown outcome (content handed over, no reply) is
    tried again under the same idempotency key, which lets the other side drop the duplicate.
    """
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
