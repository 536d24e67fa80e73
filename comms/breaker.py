"""A circuit breaker: a channel by which nothing gets through rests, and is tried now and then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from comms.clock import lies_ahead
from comms.delivery import DeliveryState, Outcome, Reason

OPENS_AFTER = 4
"""Sends in a row that got nothing through: with the waits below, after about seven seconds."""
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=1)
PROBING = timedelta(minutes=5)
"""How long a probe may be under way before another is tried."""
ALL_REFUSED = timedelta(minutes=2)
"""A channel that only ever asks for less is as good as out after so long."""

NOT_REACHED = frozenset({Reason.UNREACHABLE, Reason.AUTHENTICATION})
"""The other side was not there or did not let us in: nothing was handed over."""


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """`failures` counts sends in a row that got nothing through; `why` is what the last one met.

    With any, nothing is sent before `probe_at`, and then a single delivery, to see.
    """

    failures: int = 0
    failed_at: datetime | None = None
    probe_at: datetime | None = None
    quiet_since: datetime | None = None
    why: str = ""

    @property
    def is_open(self) -> bool:
        """True where the channel counts as out."""
        return self.failures >= OPENS_AFTER

    def opens_at(self, now: datetime) -> datetime | None:
        """Until when nothing may be sent; None: it may."""
        return self.probe_at if lies_ahead(self.probe_at, now, at_most=PROBING) else None

    def probing(self, now: datetime) -> Breaker:
        """A single delivery is on its way to see."""
        return replace(self, probe_at=now + PROBING)

    def without_probe(self, now: datetime) -> Breaker:
        """There was nothing to try it with: the next delivery may, at once."""
        return replace(self, probe_at=now)


def judged(
    breaker: Breaker, outcomes: Collection[Outcome], *, began: datetime, now: datetime
) -> Breaker:
    """Return the breaker after a send that began at `began`.

    What was held back says nothing, nor does a failure that was in flight at the last one.
    """
    if any(outcome.state is DeliveryState.ACCEPTED for outcome in outcomes):
        return Breaker()
    said = [outcome for outcome in outcomes if outcome.state is not DeliveryState.PLANNED]
    if not said:
        return breaker
    failed = [outcome for outcome in said if _failed(outcome)]
    if len(failed) == len(said):
        is_echo = breaker.failed_at is not None and began < breaker.failed_at
        return breaker if is_echo else _worse(breaker, failed[-1], now)
    if any(outcome.reason is not Reason.THROTTLED for outcome in said):
        return Breaker()
    quiet_since = breaker.quiet_since or began
    if now - quiet_since >= ALL_REFUSED:
        return _worse(replace(breaker, quiet_since=quiet_since), said[-1], now)
    return replace(breaker, quiet_since=quiet_since)


def _failed(outcome: Outcome) -> bool:
    return outcome.state is DeliveryState.UNKNOWN or outcome.reason in NOT_REACHED


def _worse(breaker: Breaker, last: Outcome, now: datetime) -> Breaker:
    wait = min(FIRST_WAIT * 2 ** min(breaker.failures, 10), LONGEST_WAIT)
    return replace(
        breaker,
        failures=breaker.failures + 1,
        failed_at=now,
        probe_at=now + wait,
        why=last.detail or (last.reason.value if last.reason else "no answer"),
    )
