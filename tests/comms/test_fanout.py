"""The fan-out: each row sent once, each outcome recorded before anything goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from comms.bell import Bell
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.errors import Unavailable
from comms.fanout import Runner, Slots
from comms.ledger import Advance, Claim, Fanout, Filter, Line, Settled, key_of
from comms.plan.model import ChannelName
from comms.retries import ATTEMPTS
from comms.statement import PLAIN, Statement
from comms.testing import FakeTransport, HeldClock, MemoryLedger
from comms.testing.transport import accept

STATEMENT = Statement(
    incident="INC-1",
    update=1,
    audience="executives",
    channel=ChannelName.MAIL,
    subject="Card payments",
    parts={PLAIN: "They fail."},
    thread="INC-1:executives",
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def transport() -> FakeTransport:
    return FakeTransport()


def runner(
    ledger: MemoryLedger,
    transport: object,
    clock: HeldClock,
    bell: Bell | None = None,
    **how: object,
) -> Runner:
    return Runner(
        channel=ChannelName.MAIL,
        transport=transport,  # type: ignore[arg-type]
        ledger=ledger,
        clock=clock,
        bell=bell or Bell(),
        owner="worker-1",
        slots=Slots(lanes=2, batch=3),
        **how,  # type: ignore[arg-type]
    )


def plan(
    ledger: MemoryLedger, clock: HeldClock, *addresses: str, update: int = 1, priority: int = 100
) -> Fanout:
    fanout = ledger.open(
        update=update,
        statement=replace(STATEMENT, update=update),
        priority=priority,
        now=clock.now(),
    )
    ledger.write(fanout, [Line(address=address) for address in addresses], now=clock.now())
    ledger.ready(fanout, now=clock.now())
    return fanout


def states(ledger: MemoryLedger) -> dict[str, DeliveryState]:
    return {row.address: row.state for row in ledger.rows("INC-1", Filter(limit=1000))}


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


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


class Slow:
    """Holds every batch until it is let go, and remembers how many it held at once."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.held: list[int] = []
        self.under_way = 0

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        self.under_way += len(batch)
        self.held.append(self.under_way)
        await self.gate.wait()
        self.under_way -= len(batch)
        return [accept(delivery) for delivery in batch]


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
    assert await ledger.next_due(ChannelName.MAIL) == clock.now()


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
    assert await ledger.next_due(ChannelName.MAIL) == clock.now()


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


async def claimed(ledger: MemoryLedger, clock: HeldClock, lease: timedelta) -> Claim:
    """Claim as another worker."""
    claim = await ledger.claim(
        channel=ChannelName.MAIL, owner="worker-2", now=clock.now(), lease=lease
    )
    assert claim is not None
    return claim


async def taken(ledger: MemoryLedger, clock: HeldClock, lease: timedelta) -> Delivery:
    """Begin a delivery as another worker that is never heard of again."""
    claim = await claimed(ledger, clock, lease)
    lost = [
        Settled(outcome=Outcome(delivery=one.id, state=DeliveryState.UNKNOWN), due_at=clock.now())
        for one in claim.lost
    ]
    step = await ledger.advance(claim, lost, take=1, now=clock.now(), lease=lease)
    return step.deliveries[0]


def test_a_key_is_the_same_for_one_person_however_the_address_is_written(
    ledger: MemoryLedger, clock: HeldClock
) -> None:
    fanout, other = plan(ledger, clock), plan(ledger, clock, update=2)

    key = key_of(fanout, "a@x.org")

    assert key_of(fanout, "A@X.org") == key
    assert key_of(fanout, "b@x.org") != key
    assert key_of(other, "a@x.org") != key
    assert "@" not in key
