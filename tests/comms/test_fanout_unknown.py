"""What may or may not have arrived: resent under the same key, or held for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.fanout import Runner
from comms.ledger import Filter
from comms.testing import FakeTransport, HeldClock, MemoryLedger
from comms.testing.transport import accept
from tests.comms.fanning import plan, runner, taken

HOUR = timedelta(hours=1)
UNKNOWN, ACCEPTED = DeliveryState.UNKNOWN, DeliveryState.ACCEPTED


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def relay() -> FakeTransport:
    return FakeTransport(rule=silent_once)


def silent_once(delivery: Delivery) -> Outcome:
    """Take the content and say nothing, the first time."""
    if delivery.attempt > 1:
        return accept(delivery)
    return Outcome(delivery=delivery.id, state=UNKNOWN, reason=Reason.NO_REPLY)


async def later(sender: Runner, clock: HeldClock) -> None:
    clock.advance(HOUR)
    await sender.run_until_idle()


async def test_it_is_resent_under_the_same_key(
    ledger: MemoryLedger, relay: FakeTransport, clock: HeldClock
) -> None:
    plan(ledger, clock, "a@x.org")
    sender = runner(ledger, relay, clock)

    await sender.run_until_idle()
    await later(sender, clock)

    keys = [delivery.key for _, delivery in relay.sent]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    [row] = ledger.rows("INC-1", Filter())
    assert row.state is ACCEPTED


async def test_where_the_plan_holds_it_a_person_resends_it(
    ledger: MemoryLedger, relay: FakeTransport, clock: HeldClock
) -> None:
    plan(ledger, clock, "a@x.org", "b@x.org")
    sender = runner(ledger, relay, clock, holds=lambda audience: audience == "executives")

    await sender.run_until_idle()
    await later(sender, clock)

    assert len(relay.sent) == 2
    held = ledger.rows("INC-1", Filter(state=UNKNOWN))
    assert [row.reason for row in held] == [Reason.NO_REPLY] * 2
    assert ledger.retry("INC-1", 1, now=clock.now()) == 2
    relay.rule = accept
    await sender.run_until_idle()
    assert {row.state for row in ledger.rows("INC-1", Filter())} == {ACCEPTED}


async def test_what_a_lost_worker_had_begun_is_held_too(
    ledger: MemoryLedger, relay: FakeTransport, clock: HeldClock
) -> None:
    plan(ledger, clock, "a@x.org")
    await taken(ledger, clock, lease=timedelta(minutes=2))
    sender = runner(ledger, relay, clock, holds=lambda _audience: True)

    await later(sender, clock)

    assert relay.sent == []
    [row] = ledger.rows("INC-1", Filter())
    assert (row.state, row.reason) == (UNKNOWN, Reason.WORKER_LOST)
