"""The gate: one runner's way to permits, a reservation at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from comms.clock import Clock, lies_ahead
from comms.delivery import DeliveryState, Outcome, Reason
from comms.ledger import Fanout
from comms.patience import patiently
from comms.throttle import Grant, Limit, Throttle, Told, Unthrottled

Limits = Callable[[Fanout], Sequence[Limit]]
"""What holds for a fan-out's deliveries: the channel's own limit first, narrower ones after it."""

PATIENCE = timedelta(milliseconds=500)
"""So long somebody who holds a shard waits for permits; for longer he gives it back."""
LOOK = timedelta(seconds=1)
"""How long nothing is asked while nothing was refused; so long others' refusals go unnoticed."""
KEPT = timedelta(seconds=1)
"""How long permits that were not used may still be."""
MOST_KEYS = 1024


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the gate answers. Without permits, `again_at` is when to ask again.

    `is_narrow`: only this fan-out has to wait (its thread, its mailbox), not the channel.
    """

    permits: int
    rate: float = 0.0
    again_at: datetime | None = None
    is_narrow: bool = False


@dataclass
class _Key:
    """What this process knows of one key."""

    free_until: datetime | None = None
    spare: int = 0
    spare_until: datetime | None = None
    rate: float = 0.0
    accepted: int = 0
    began: datetime | None = None


def open_gate(clock: Clock) -> Gate:
    """Return a gate that lets everything pass."""
    return Gate(limits=lambda _fanout: (), throttle=Unthrottled(), clock=clock)


class Gate:
    """Asks the throttle, remembers what was left over, and tells it what came back."""

    def __init__(self, *, limits: Limits, throttle: Throttle, clock: Clock) -> None:
        self._limits = limits
        self._throttle = throttle
        self._clock = clock
        self._keys: dict[str, _Key] = {}

    async def enter(self, fanout: Fanout, want: int) -> Entry:
        """Return permits when their time has come; none where that is more than a moment away."""
        until = self._clock.now() + PATIENCE
        permits, rate = want, 0.0
        for place, limit in enumerate(self._limits(fanout)):
            grant = await self._granted(limit, fanout, permits, until)
            if not grant.permits:
                return Entry(permits=0, again_at=grant.start, is_narrow=place > 0)
            permits = min(permits, grant.permits)
            if not limit.is_quota:
                rate = min(rate or grant.rate, grant.rate or rate)
        return Entry(permits=permits, rate=rate)

    def leave(self, fanout: Fanout, unused: int) -> None:
        """Put back permits for which there was nothing to send."""
        for limit in self._limits(fanout):
            key = self._key(limit)
            if unused and key.rate:
                key.spare += unused
                key.spare_until = self._clock.now() + KEPT

    async def tell(self, fanout: Fanout, outcomes: Iterable[Outcome], began: datetime) -> None:
        """Pass on what the other side said to a send that began at `began`.

        Acceptances are told with the next question; a refusal at once.
        """
        counted = list(outcomes)
        accepted = sum(outcome.state is DeliveryState.ACCEPTED for outcome in counted)
        refused = [outcome for outcome in counted if outcome.reason is Reason.THROTTLED]
        limits = self._limits(fanout)
        # Whoever refuses means the narrowest: this thread, this mailbox.
        meant = next((limit for limit in reversed(limits) if not limit.is_quota), None)
        for limit in limits:
            key = self._key(limit)
            key.accepted += accepted
            key.began = began
            if refused and limit is meant:
                wishes = [outcome.retry_after for outcome in refused if outcome.retry_after]
                key.free_until, key.spare = None, 0
                await self._turn(
                    limit,
                    fanout,
                    0,
                    refused=len(refused),
                    retry_after=max(wishes, default=None),
                )

    async def _granted(self, limit: Limit, fanout: Fanout, want: int, until: datetime) -> Grant:
        key = self._key(limit)
        while True:
            now = self._clock.now()
            if key.spare and lies_ahead(key.spare_until, now, at_most=KEPT):
                permits = min(want, key.spare)
                key.spare -= permits
                return Grant(permits=permits, start=now, rate=key.rate)
            if lies_ahead(key.free_until, now, at_most=LOOK):
                return Grant(permits=want, start=now, rate=0.0)
            grant = await self._turn(limit, fanout, want)
            if not grant.permits and grant.start > until:
                return grant
            # Permits are a moment away at most: a later start is of before the clock was set back.
            if lies_ahead(grant.start, now, at_most=PATIENCE):
                await self._clock.sleep(grant.start - now)
            if grant.permits:
                return grant

    async def _turn(
        self,
        limit: Limit,
        fanout: Fanout,
        want: int,
        *,
        refused: int = 0,
        retry_after: timedelta | None = None,
    ) -> Grant:
        key = self._key(limit)
        accepted, key.accepted = key.accepted, 0
        now = self._clock.now()
        told = None
        if accepted or refused:
            told = Told(
                began=key.began or now, accepted=accepted, refused=refused, retry_after=retry_after
            )
        async for attempt in patiently("throttle.turn"):
            with attempt:
                grant = await self._throttle.turn(
                    limit, told, want=want, priority=fanout.priority, now=now
                )
        key.rate = grant.rate
        if grant.permits and not grant.rate:
            key.free_until = now + LOOK
        return grant

    def _key(self, limit: Limit) -> _Key:
        known = self._keys.get(limit.key)
        if known is None:
            if len(self._keys) >= MOST_KEYS:
                self._keys.clear()
            known = self._keys[limit.key] = _Key()
        return known
