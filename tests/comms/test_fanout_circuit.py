"""A channel by which nothing gets through rests, is tried now and then, and somebody is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from comms.circuit import Audiences, Watch
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.fanout import Runner
from comms.ledger import Filter
from comms.plan.model import ChannelName
from comms.statement import Statement
from comms.testing import HeldClock, LeapingClock, MemoryLedger
from comms.testing.transport import accept
from tests.comms.fanning import Slow, plan, runner, settled, states

SECOND = timedelta(seconds=1)
EVERYBODY = [f"p{number}@x.org" for number in range(40)]


@dataclass
class Relay:
    """A relay that is away for a while; it counts what it is asked meanwhile."""

    clock: HeldClock
    away_until: timedelta = timedelta(0)
    reason: Reason = Reason.UNREACHABLE
    asked: int = 0
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._back_at = self.clock.now() + self.away_until

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Answer for the batch."""
        if self.clock.now() < self._back_at:
            self.asked += len(batch)
            return [
                Outcome(
                    delivery=delivery.id,
                    state=DeliveryState.REJECTED,
                    reason=self.reason,
                    detail="nobody answers",
                )
                for delivery in batch
            ]
        self.taken += [delivery.address for delivery in batch]
        return [accept(delivery) for delivery in batch]


@dataclass
class Told:
    """What whoever watches was told, with the seconds since the beginning."""

    clock: HeldClock
    news: list[tuple[str, str]] = field(default_factory=list)

    def watch(self) -> Watch:
        """What a runner tells it."""
        return Watch(failed=self._failed, works=self._works)

    async def _failed(self, channel: ChannelName, why: str, _all: Audiences) -> None:
        self.news.append((f"{channel} failed", why))

    async def _works(self, channel: ChannelName) -> None:
        self.news.append((f"{channel} works", ""))


async def _run_until(sender: Runner, clock: LeapingClock, length: timedelta) -> None:
    running = asyncio.create_task(sender.run())
    await clock.sleep_until(clock.now() + length)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_a_relay_that_is_away_is_tried_with_single_messages_and_all_go_when_it_is_back() -> None:
    clock, ledger = LeapingClock(), MemoryLedger()
    relay, told = Relay(clock, away_until=60 * SECOND), Told(clock)
    plan(ledger, clock, *EVERYBODY)
    sender = runner(ledger, relay, clock, watch=told.watch())

    asyncio.run(clock.run(_run_until(sender, clock, 120 * SECOND)))

    assert relay.asked <= 2 * 3 + 8  # both lanes' first batches, then one at a time
    assert sorted(relay.taken) == sorted(EVERYBODY)
    assert set(states(ledger).values()) == {DeliveryState.ACCEPTED}
    failed, works = ("mail failed", "nobody answers"), ("mail works", "")
    assert told.news[0] == failed
    assert told.news[-1] == works
    assert told.news.count(works) == 1


def test_probes_use_up_no_attempts() -> None:
    clock, ledger = LeapingClock(), MemoryLedger()
    relay = Relay(clock, away_until=3600 * SECOND)
    plan(ledger, clock, "a@x.org")

    asyncio.run(clock.run(_run_until(runner(ledger, relay, clock), clock, 3700 * SECOND)))

    assert relay.asked > 30
    [row] = ledger.rows("INC-1", Filter())
    assert (row.state, row.attempts) == (DeliveryState.ACCEPTED, 2)


def test_a_clock_that_is_set_back_does_not_leave_a_channel_at_rest() -> None:
    clock, ledger = LeapingClock(), MemoryLedger()
    relay = Relay(clock, away_until=3600 * SECOND)
    plan(ledger, clock, *EVERYBODY)
    sender = runner(ledger, relay, clock)

    async def story() -> None:
        await _run_until(sender, clock, 120 * SECOND)
        asked = relay.asked
        clock.turn_back(timedelta(hours=2))
        await _run_until(sender, clock, 120 * SECOND)
        assert relay.asked > asked

    asyncio.run(clock.run(story()))


def test_refused_recipients_are_no_outage() -> None:
    clock, ledger = LeapingClock(), MemoryLedger()
    relay, told = Relay(clock, away_until=60 * SECOND, reason=Reason.MAILBOX_UNKNOWN), Told(clock)
    plan(ledger, clock, *EVERYBODY)
    sender = runner(ledger, relay, clock, watch=told.watch())

    asyncio.run(clock.run(_run_until(sender, clock, 30 * SECOND)))

    assert told.news == []
    assert set(states(ledger).values()) == {DeliveryState.REJECTED}


def test_a_stop_wakes_whoever_waits_for_a_channel_to_come_back() -> None:
    clock, ledger = LeapingClock(), MemoryLedger()
    relay = Relay(clock, away_until=3600 * SECOND)
    plan(ledger, clock, *EVERYBODY)
    sender = runner(ledger, relay, clock)

    async def story() -> bool:
        await sender.run_until_idle()
        held = HeldClock.now(clock)
        waiting = asyncio.create_task(sender.run_one())
        await settled()
        sender.stop()
        found = await waiting
        assert clock.now() == held
        return found

    assert asyncio.run(story()) is False


async def test_a_slow_relay_is_no_lost_worker(clock: HeldClock) -> None:
    ledger, relay = MemoryLedger(), Slow()
    plan(ledger, clock, "a@x.org")
    running = asyncio.create_task(runner(ledger, relay, clock).run())
    await settled()

    for _ in range(12):
        clock.advance(timedelta(seconds=30))
        await settled()
        other = await ledger.claim(
            channel=ChannelName.MAIL, owner="other", now=clock.now(), lease=SECOND
        )
        assert other is None

    relay.gate.set()
    await settled()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert states(ledger) == {"a@x.org": DeliveryState.ACCEPTED}
