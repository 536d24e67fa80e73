"""Several transports of one channel: the first that works is taken, each has its own limits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from comms.circuit import Audiences, Watch
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.fanout import Runner
from comms.gate import Gate
from comms.ledger import Filter, Line
from comms.plan.model import ChannelName
from comms.routes import Route, Routes
from comms.statement import Statement
from comms.testing import LeapingClock, MemoryLedger, MemoryThrottle
from comms.testing.transport import accept
from comms.throttle import Limit
from tests.comms.fanning import STATEMENT, runner

SECOND = timedelta(seconds=1)


@dataclass
class Carrier:
    """A transport that is away while it is told to be; it counts what it was asked meanwhile."""

    clock: LeapingClock
    is_away: bool = False
    asked: int = 0
    taken: list[str] = field(default_factory=list)

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Answer for the batch."""
        await self.clock.sleep_until(self.clock.now() + timedelta(milliseconds=2))
        if not self.is_away:
            self.taken += [delivery.address for delivery in batch]
            return [accept(delivery) for delivery in batch]
        self.asked += len(batch)
        return [
            Outcome(
                delivery=delivery.id,
                state=DeliveryState.REJECTED,
                reason=Reason.UNREACHABLE,
                detail="nobody answers",
            )
            for delivery in batch
        ]


class Floor:
    """A runner with two transports: `inside` for executives first, `relay` for all."""

    def __init__(self, **rates: float) -> None:
        self.clock, self.ledger, throttle = LeapingClock(), MemoryLedger(), MemoryThrottle()
        self.inside, self.relay = Carrier(self.clock), Carrier(self.clock)
        self.news: list[tuple[str, Audiences]] = []
        by_name = {"relay": self.relay, "inside": self.inside}
        self.routes = Routes(
            by_name={
                name: Route(transport=carrier, gate=self._gate(name, throttle, rates.get(name, 0)))
                for name, carrier in by_name.items()
            },
            order=lambda: {
                "executives": ("inside", "relay"),
                "responders": ("inside",),
                "customers": ("relay",),
            },
        )

    def plan(self, audience: str, count: int) -> list[str]:
        """Write rows for so many people of an audience; return their addresses."""
        addresses = [f"{audience}{number}@x.org" for number in range(count)]
        now = self.clock.now()
        fanout = self.ledger.open(
            update=1, statement=replace(STATEMENT, audience=audience), priority=100, now=now
        )
        self.ledger.write(fanout, [Line(address=address) for address in addresses], now=now)
        self.ledger.ready(fanout)
        return addresses

    def run(self, length: timedelta) -> None:
        """Fan out for so long."""
        sender = runner(self.ledger, self.routes, self.clock, watch=self._watch())
        asyncio.run(self.clock.run(self._until(sender, length)))

    def left(self) -> set[str]:
        """The addresses that were not reached."""
        rows = self.ledger.rows("INC-1", Filter(limit=1000))
        return {row.address for row in rows if row.state is not DeliveryState.ACCEPTED}

    async def _until(self, sender: Runner, length: timedelta) -> None:
        running = asyncio.create_task(sender.run())
        await self.clock.sleep_until(self.clock.now() + length)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def _gate(self, name: str, throttle: MemoryThrottle, rate: float) -> Gate:
        limits = (Limit(key=name, rate=rate),)
        return Gate(limits=lambda _fanout: limits, throttle=throttle, clock=self.clock)

    def _watch(self) -> Watch:
        async def failed(_channel: ChannelName, _why: str, audiences: Audiences) -> None:
            self.news.append(("failed", audiences))

        async def works(_channel: ChannelName) -> None:
            self.news.append(("works", None))

        return Watch(failed=failed, works=works)


def test_each_audience_goes_by_the_first_transport_that_it_names() -> None:
    floor = Floor()
    inside, outside = floor.plan("executives", 20), floor.plan("customers", 20)

    floor.run(30 * SECOND)

    assert sorted(floor.inside.taken) == sorted(inside)
    assert sorted(floor.relay.taken) == sorted(outside)


def test_the_next_takes_over_at_once_while_the_first_is_away() -> None:
    floor = Floor()
    floor.inside.is_away = True
    people = floor.plan("executives", 40)

    floor.run(1 * SECOND)

    assert sorted(floor.relay.taken) == sorted(people)
    assert floor.inside.asked <= 8  # both lanes' first batches, and a probe or two
    assert not floor.left()


def test_the_first_is_taken_again_when_it_works() -> None:
    floor = Floor()
    floor.inside.is_away = True
    floor.plan("executives", 40)
    floor.run(1 * SECOND)
    floor.inside.is_away = False

    later = floor.plan("responders", 5)
    floor.run(120 * SECOND)

    assert set(later) <= set(floor.inside.taken)


def test_an_audience_without_another_way_waits_and_holds_up_nobody() -> None:
    floor = Floor()
    floor.inside.is_away = True
    stuck, others = floor.plan("responders", 20), floor.plan("customers", 40)

    floor.run(10 * SECOND)

    assert sorted(floor.relay.taken) == sorted(others)
    assert floor.left() == set(stuck)


def test_only_those_without_any_way_left_are_said_to_be_cut_off() -> None:
    floor = Floor()
    floor.inside.is_away = True
    floor.plan("responders", 20)
    floor.plan("executives", 20)

    floor.run(60 * SECOND)

    failed = [audiences for news, audiences in floor.news if news == "failed"]
    assert failed
    assert set(failed) == {frozenset({"responders"})}


def test_a_failure_that_another_transport_makes_good_is_no_outage() -> None:
    floor = Floor()
    floor.relay.is_away = True
    floor.plan("executives", 20)

    floor.run(60 * SECOND)

    assert not floor.left()
    assert "failed" not in [news for news, _ in floor.news]


def test_each_transport_keeps_a_rate_of_its_own() -> None:
    floor = Floor(inside=1.0)
    floor.plan("responders", 60)
    others = floor.plan("customers", 200)

    floor.run(10 * SECOND)

    assert sorted(floor.relay.taken) == sorted(others)
    assert 9 <= len(floor.inside.taken) <= 11
