"""Relays that take so many messages a second and refuse what comes above, on a test's clock."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from comms.clock import Clock
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.statement import Statement
from comms.testing.transport import accept

Takes = Callable[[datetime], bool]
"""Whether a relay takes a message that comes at that moment."""


def by_the_second(rate: int, *, offset: timedelta = timedelta(0)) -> Takes:
    """Counts by the second of its clock, and refuses the rest of it."""
    counted = Counter[int]()

    def takes(now: datetime) -> bool:
        second = int((now + offset).timestamp())
        counted[second] += 1
        return counted[second] <= rate

    return takes


def by_the_last_second(rate: int) -> Takes:
    """Never takes more in any second, wherever that begins."""
    taken = deque[datetime]()

    def takes(now: datetime) -> bool:
        while taken and taken[0] <= now - timedelta(seconds=1):
            taken.popleft()
        if len(taken) >= rate:
            return False
        taken.append(now)
        return True

    return takes


def by_the_bucket(rate: int, *, burst: int) -> Takes:
    """A bucket of tokens that fills evenly."""
    tokens, filled_at = float(burst), None

    def takes(now: datetime) -> bool:
        nonlocal tokens, filled_at
        if filled_at is not None:
            tokens = min(tokens + (now - filled_at).total_seconds() * rate, burst)
        filled_at = now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return takes


class Relayed:
    """A transport into such a relay; each message takes `latency` there and back.

    Like a pool of connections, it sends no more of a batch once one was refused.
    """

    def __init__(
        self,
        takes: Takes,
        clock: Clock,
        *,
        latency: timedelta = timedelta(milliseconds=4),
        service: timedelta = timedelta(microseconds=100),
    ) -> None:
        self._takes = takes
        self._clock = clock
        self._latency = latency
        self._service = service
        self._busy_until = clock.now()
        self.taken: dict[str, datetime] = {}
        self.twice = 0
        self.refused = 0
        self.statements: list[Statement] = []

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Hand the batch over, one message after the other."""
        outcomes, is_refused = [], False
        begun = max(self._clock.now(), self._busy_until)
        self._busy_until = begun + self._service * len(batch)
        await self._clock.sleep_until(begun + self._latency)
        for delivery in batch:
            outcome = _held(delivery) if is_refused else self._answer(delivery)
            is_refused = is_refused or outcome.state is DeliveryState.REJECTED
            outcomes.append(outcome)
        return outcomes

    def _answer(self, delivery: Delivery) -> Outcome:
        now = self._clock.now()
        if not self._takes(now):
            self.refused += 1
            return Outcome(
                delivery=delivery.id, state=DeliveryState.REJECTED, reason=Reason.THROTTLED
            )
        self.twice += delivery.address in self.taken
        self.taken[delivery.address] = now
        return accept(delivery)


def _held(delivery: Delivery) -> Outcome:
    return Outcome(delivery=delivery.id, state=DeliveryState.PLANNED)
