"""The fan-out: each row sent once, each outcome recorded before anything goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from comms.bell import Bell
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.errors import Unavailable
from comms.ledger import Advance, Claim, Fanout, Filter, Settled, key_of
from comms.plan.model import ChannelName
from comms.statement import Statement
from comms.testing import FakeTransport, HeldClock, MemoryLedger
from comms.testing.transport import accept
from tests.comms.fanning import STATEMENT, Slow, plan, runner, settled, states

MINUTE = timedelta(minutes=1)


async def test_all_that_is_planned_is_sent_once_with_what_was_approved(
    ledger: MemoryLedger, transport: FakeTransport, clock: HeldClock
) -> None:
    everybody = [f"p{n}@x.org" for n in range(10)]
    plan(ledger, clock, *everybody)

    await runner(ledger, transport, clock).run_until_idle()

    assert transport.addresses == everybody
    assert all(statement == STATEMENT for statement, _ in transport.sent)
    assert set(states(ledger).values()) == {DeliveryState.ACCEPTED}


async def test_what_a_transport_raises_makes_the_whole_batch_unknown(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    class Broken:
        async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
            raise RuntimeError("a bug with body and address in it")

    plan(ledger, clock, "a@x.org", "b@x.org")

    await runner(ledger, Broken(), clock).run_until_idle()

    for row in ledger.rows("INC-1", Filter()):
        assert (row.state, row.reason, row.detail) == (
            DeliveryState.PLANNED,
            Reason.NO_REPLY,
            "RuntimeError",
        )
        assert row.due_at is not None
        assert row.due_at > clock.now()


async def test_a_delivery_that_a_transport_says_nothing_of_is_unknown(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    class Forgetful:
        async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
            return [accept(batch[0])]

    plan(ledger, clock, "a@x.org", "b@x.org")

    await runner(ledger, Forgetful(), clock).run_until_idle()

    first, second = ledger.rows("INC-1", Filter())
    assert first.state is DeliveryState.ACCEPTED
    assert (second.state, second.reason) == (DeliveryState.PLANNED, Reason.NO_REPLY)


async def test_a_throttled_delivery_is_sent_again_when_it_is_due(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    def once(delivery: Delivery) -> Outcome:
        if delivery.attempt > 1:
            return accept(delivery)
        return Outcome(
            delivery=delivery.id,
            state=DeliveryState.REJECTED,
            reason=Reason.THROTTLED,
            retry_after=3 * MINUTE,
        )

    transport = FakeTransport(rule=once)
    plan(ledger, clock, "a@x.org")
    sender = runner(ledger, transport, clock)

    await sender.run_until_idle()
    clock.advance(3 * MINUTE - timedelta(seconds=1))
    await sender.run_until_idle()
    assert len(transport.sent) == 1

    clock.advance(timedelta(seconds=1))
    await sender.run_until_idle()
    assert [delivery.attempt for _, delivery in transport.sent] == [1, 2]
    assert states(ledger) == {"a@x.org": DeliveryState.ACCEPTED}


async def test_a_ledger_that_fails_for_a_moment_loses_no_outcome(
    transport: FakeTransport, clock: HeldClock
) -> None:
    class Flaky(MemoryLedger):
        def __init__(self) -> None:
            super().__init__()
            self.failing = {"claim", "statement", "advance"}

        def fail(self, what: str) -> None:
            if what in self.failing:
                self.failing.remove(what)
                raise Unavailable("The database is locked by another program.")

        async def claim(
            self,
            *,
            channel: ChannelName,
            owner: str,
            now: datetime,
            lease: timedelta,
        ) -> Claim | None:
            self.fail("claim")
            return await super().claim(channel=channel, owner=owner, now=now, lease=lease)

        async def statement(self, fanout: Fanout) -> Statement:
            self.fail("statement")
            return await super().statement(fanout)

        async def advance(
            self,
            claim: Claim,
            settled: Sequence[Settled],
            *,
            take: int,
            now: datetime,
            lease: timedelta,
            put_off: datetime | None = None,
        ) -> Advance:
            if settled:
                self.fail("advance")
            return await super().advance(claim, settled, take=take, now=now, lease=lease)

    ledger = Flaky()
    plan(ledger, clock, "a@x.org")

    await runner(ledger, transport, clock).run_until_idle()

    assert transport.addresses == ["a@x.org"]
    assert states(ledger) == {"a@x.org": DeliveryState.ACCEPTED}


async def test_progress_is_told_after_each_batch(
    ledger: MemoryLedger, transport: FakeTransport, clock: HeldClock
) -> None:
    told: list[int] = []
    fanout = plan(ledger, clock, *(f"p{n}@x.org" for n in range(7)))

    await runner(
        ledger, transport, clock, progressed=lambda fanout: told.append(fanout.id)
    ).run_until_idle()

    assert told == [fanout.id] * 3


async def test_a_running_fan_out_sleeps_until_it_is_rung(
    ledger: MemoryLedger, transport: FakeTransport, clock: HeldClock
) -> None:
    bell = Bell()
    running = asyncio.create_task(runner(ledger, transport, clock, bell).run())
    await settled()
    plan(ledger, clock, "a@x.org")
    await settled()
    assert transport.sent == []

    bell.ring()
    await settled()

    assert transport.addresses == ["a@x.org"]
    running.cancel()


async def test_a_running_fan_out_wakes_for_a_retry_by_itself(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    transport = FakeTransport(
        rule=lambda delivery: Outcome(
            delivery=delivery.id, state=DeliveryState.UNKNOWN, reason=Reason.NO_REPLY
        )
    )
    plan(ledger, clock, "a@x.org")
    running = asyncio.create_task(runner(ledger, transport, clock).run())
    await settled()
    transport.rule = accept

    clock.advance(2 * MINUTE)
    await settled()

    assert states(ledger) == {"a@x.org": DeliveryState.ACCEPTED}
    running.cancel()


async def test_a_retry_is_not_overslept_while_the_first_attempt_is_under_way(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    class Throttled(Slow):
        async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
            if self.held:
                return [accept(delivery) for delivery in batch]
            return [
                outcome._replace(state=DeliveryState.REJECTED, reason=Reason.THROTTLED)
                for outcome in await super().send(statement, batch)
            ]

    transport = Throttled()
    plan(ledger, clock, "a@x.org")
    running = asyncio.create_task(runner(ledger, transport, clock).run())
    await settled()  # the runner rests now, until the lease of what it has in hand would end
    transport.gate.set()
    await settled()

    clock.advance(MINUTE)
    await settled()

    assert states(ledger) == {"a@x.org": DeliveryState.ACCEPTED}
    running.cancel()


async def test_no_more_than_the_slots_are_under_way_at_once(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    slow = Slow()
    for number in range(1, 5):
        plan(ledger, clock, *(f"p{number}-{n}@x.org" for n in range(7)), update=number)
    running = asyncio.create_task(runner(ledger, slow, clock).run())
    await settled()
    assert max(slow.held) == 6  # two lanes of three

    slow.gate.set()
    await settled()

    assert max(slow.held) == 6
    assert set(states(ledger).values()) == {DeliveryState.ACCEPTED}
    running.cancel()


async def test_a_more_urgent_update_overtakes_at_the_next_batch(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    order: list[str] = []

    class Interrupted:
        async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
            if not order:
                plan(ledger, clock, "sev1@x.org", update=2, priority=1)
            order.extend(delivery.address for delivery in batch)
            return [accept(delivery) for delivery in batch]

    bulk = [f"p{n}@x.org" for n in range(7)]
    plan(ledger, clock, *bulk)

    await runner(ledger, Interrupted(), clock).run_until_idle()

    assert order == [*bulk[:3], "sev1@x.org", *bulk[3:]]


def test_a_key_is_the_same_for_one_person_however_the_address_is_written(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    fanout, other = plan(ledger, clock), plan(ledger, clock, update=2)

    key = key_of(fanout, "a@x.org")

    assert key_of(fanout, "A@X.org") == key
    assert key_of(fanout, "b@x.org") != key
    assert key_of(other, "a@x.org") != key
    assert "@" not in key
