"""A batch leaves at its pace, and what has not left when others are refused stays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.sending import Sender
from comms.statement import Statement
from comms.testing import FakeTransport, LeapingClock
from comms.testing.transport import accept
from tests.comms.fanning import STATEMENT

BATCH = [Delivery(id=n, key=f"key-{n}", address=f"p{n}@x.org") for n in range(20)]


class Timed:
    """Remembers when each delivery left; refuses the one that it is told to."""

    def __init__(self, clock: LeapingClock, *, refuses: int | None = None) -> None:
        self._clock = clock
        self._refuses = refuses
        self.left: dict[int, datetime] = {}

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Take a millisecond for it."""
        self.left |= {delivery.id: self._clock.now() for delivery in batch}
        await self._clock.sleep_until(self._clock.now() + timedelta(milliseconds=1))
        return [self._answer(delivery) for delivery in batch]

    def _answer(self, delivery: Delivery) -> Outcome:
        if delivery.id != self._refuses:
            return accept(delivery)
        return Outcome(delivery=delivery.id, state=DeliveryState.REJECTED, reason=Reason.THROTTLED)


def test_a_batch_trickles_at_the_rate() -> None:
    clock = LeapingClock()
    timed, begun = Timed(clock), clock.now()

    outcomes = asyncio.run(clock.run(Sender(timed, clock).send(STATEMENT, BATCH, rate=100)))

    assert [timed.left[n] - begun for n in range(20)] == [
        timedelta(milliseconds=10 * n) for n in range(20)
    ]
    assert {outcome.state for outcome in outcomes.values()} == {DeliveryState.ACCEPTED}


def test_once_one_is_refused_what_has_not_left_is_held_without_an_attempt() -> None:
    clock = LeapingClock()
    timed = Timed(clock, refuses=3)

    outcomes = asyncio.run(clock.run(Sender(timed, clock).send(STATEMENT, BATCH, rate=100)))

    assert sorted(timed.left) == [0, 1, 2, 3]
    assert outcomes[3].reason is Reason.THROTTLED
    held = [n for n, outcome in outcomes.items() if outcome.state is DeliveryState.PLANNED]
    assert held == list(range(4, 20))


async def test_without_a_rate_a_batch_is_one_send() -> None:
    clock, transport = LeapingClock(), FakeTransport()

    outcomes = await Sender(transport, clock).send(STATEMENT, BATCH)

    assert transport.addresses == [delivery.address for delivery in BATCH]
    assert list(outcomes) == list(range(20))
