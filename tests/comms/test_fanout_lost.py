"""The fan-out when workers are lost, fenced, stopped or broken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from comms.clock import SINCE_EVER
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.fanout import Slots
from comms.ledger import Advance, Claim, Filter, Settled
from comms.plan.model import ChannelName
from comms.retries import ATTEMPTS
from comms.statement import Statement
from comms.testing import FakeTransport, HeldClock, MemoryLedger
from tests.comms.fanning import Slow, claimed, plan, runner, settled, states, taken

MINUTE = timedelta(minutes=1)


async def test_what_a_lost_worker_had_begun_is_sent_again_under_its_key(
    ledger: MemoryLedger, transport: FakeTransport, clock: HeldClock
) -> None:
    plan(ledger, clock, "a@x.org", "b@x.org")
    begun = await taken(ledger, clock, Slots().lease)
    clock.advance(Slots().lease)

    await runner(ledger, transport, clock).run_until_idle()

    sent = [delivery for _, delivery in transport.sent]
    assert [d.address for d in sent] == ["b@x.org", "a@x.org"]
    assert (sent[1].key, sent[1].attempt) == (begun.key, 2)
    assert set(states(ledger).values()) == {DeliveryState.ACCEPTED}


async def test_a_delivery_that_loses_every_worker_is_given_up_and_shown(
    ledger: MemoryLedger, transport: FakeTransport, clock: HeldClock
) -> None:
    plan(ledger, clock, "a@x.org")
    sender = runner(ledger, transport, clock)
    for _ in range(ATTEMPTS):
        await taken(ledger, clock, MINUTE)
        clock.advance(MINUTE)

    await sender.run_until_idle()

    [row] = ledger.rows("INC-1", Filter())
    assert (row.state, row.reason) == (DeliveryState.UNKNOWN, Reason.WORKER_LOST)
    assert transport.sent == []


async def test_a_fenced_runner_records_nothing_and_goes_on(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    class TooSlow(FakeTransport):
        async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
            outcomes = await super().send(statement, batch)
            if len(self.sent) == 1:
                clock.advance(Slots().lease)
                assert await claimed(ledger, clock, MINUTE)
            return outcomes

    too_slow = TooSlow()
    plan(ledger, clock, "a@x.org")
    sender = runner(ledger, too_slow, clock)

    await sender.run_until_idle()
    assert states(ledger) == {"a@x.org": DeliveryState.SENDING}

    clock.advance(MINUTE)
    await sender.run_until_idle()
    assert states(ledger) == {"a@x.org": DeliveryState.ACCEPTED}
    assert len({delivery.key for _, delivery in too_slow.sent}) == 1


async def test_a_stopped_fan_out_finishes_what_is_under_way_and_begins_nothing(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    slow = Slow()
    for number in range(1, 3):
        plan(ledger, clock, *(f"p{number}-{n}@x.org" for n in range(10)), update=number)
    running = asyncio.create_task(runner(ledger, slow, clock).run())
    await settled()

    running.cancel()
    await settled()
    slow.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await running

    counted = list(states(ledger).values())
    assert counted.count(DeliveryState.ACCEPTED) == 6
    assert counted.count(DeliveryState.PLANNED) == 14
    assert await ledger.next_due(ChannelName.MAIL) == SINCE_EVER


async def test_a_fan_out_stopped_in_a_claim_gives_the_shard_back(
    transport: FakeTransport, clock: HeldClock
) -> None:
    claiming = asyncio.Event()

    class SlowToClaim(MemoryLedger):
        async def claim(self, **how: object) -> Claim | None:
            claim = await super().claim(**how)  # type: ignore[arg-type]
            await claiming.wait()
            return claim

    ledger = SlowToClaim()
    plan(ledger, clock, "a@x.org")
    running = asyncio.create_task(runner(ledger, transport, clock).run())
    await settled()

    running.cancel()
    await settled()
    claiming.set()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert transport.sent == []
    assert await ledger.next_due(ChannelName.MAIL) == SINCE_EVER


async def test_a_stopped_fan_out_can_run_again(
    ledger: MemoryLedger, transport: FakeTransport, clock: HeldClock
) -> None:
    sender = runner(ledger, transport, clock)
    first = asyncio.create_task(sender.run())
    await settled()
    first.cancel()
    await settled()
    plan(ledger, clock, "a@x.org")

    second = asyncio.create_task(sender.run())
    await settled()
    second.cancel()

    assert states(ledger) == {"a@x.org": DeliveryState.ACCEPTED}


async def test_a_shard_that_breaks_holds_up_no_other_and_is_sent_after_its_lease(
    transport: FakeTransport, clock: HeldClock
) -> None:
    class BreaksOnce(MemoryLedger):
        broken = False

        async def advance(self, claim: Claim, settled: Sequence[Settled], **how: object) -> Advance:
            if claim.fanout.update == 1 and settled and not self.broken:
                self.broken = True
                raise ValueError("a bug in the ledger")
            return await super().advance(claim, settled, **how)  # type: ignore[arg-type]

    ledger = BreaksOnce()
    plan(ledger, clock, "a@x.org", update=1)
    plan(ledger, clock, "b@x.org", update=2)
    running = asyncio.create_task(runner(ledger, transport, clock).run())
    await settled()
    assert states(ledger) == {"a@x.org": DeliveryState.SENDING, "b@x.org": DeliveryState.ACCEPTED}

    clock.advance(Slots().lease)
    await settled()
    running.cancel()

    assert states(ledger)["a@x.org"] is DeliveryState.ACCEPTED
    assert transport.addresses == ["a@x.org", "b@x.org", "a@x.org"]
