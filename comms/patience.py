"""Patience: a loop waits for a database that cannot work at the moment, and loses nothing."""

from __future__ import annotations

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from comms.errors import Unavailable

log = structlog.get_logger()


def patiently(event: str) -> AsyncRetrying:
    """Return attempts that go on while the work raises Unavailable; `event` names it in the log.

    What is in hand (an outcome, a carried-out effect) must not be given up for a locked file.
    """

    def waits(state: RetryCallState) -> None:
        why = state.outcome.exception() if state.outcome else None
        log.warning(event, attempt=state.attempt_number, why=str(why))

    return AsyncRetrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_exponential_jitter(multiplier=0.2, max=10),
        before_sleep=waits,
    )
