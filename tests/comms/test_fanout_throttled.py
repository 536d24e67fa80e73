"""A fan-out at the limit: nearly all that a relay takes, hardly ever more, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from comms.bell import Bell
from comms.delivery import DeliveryState
from comms.fanout import Runner, Slots
from comms.gate import Gate
from comms.ledger import Filter, Line
from comms.plan.model import ChannelName
from comms.routes import only
from comms.statement import PLAIN, Statement
from comms.testing import LeapingClock, MemoryLedger, MemoryThrottle
from comms.throttle import Limit
from tests.comms.relays import (
    Relayed,
    Takes,
    by_the_bucket,
    by_the_last_second,
    by_the_second,
)

RATE = 200
SECONDS = 20
RELAYS: dict[str, Callable[[], Takes]] = {
    "by the second": lambda: by_the_second(RATE),
    "by the last second": lambda: by_the_last_second(RATE),
    "a bucket of a second": lambda: by_the_bucket(RATE, burst=RATE),
}


class Floor:
    """Some runners on one ledger and one throttle, in front of one relay."""

    def __init__(self, takes: Takes, *, rate: float = 0, workers: int = 1) -> None:
        self.clock = LeapingClock()
        self.ledger = MemoryLedger()
        self.relay = Relayed(takes, self.clock)
        self.throttle = MemoryThrottle()
        self.bells = [Bell() for _ in range(workers)]
        gate = Gate(
            limits=lambda _fanout: (Limit(key="mail", rate=rate),),
            throttle=self.throttle,
            clock=self.clock,
        )
        self.runners = [
            Runner(
                channel=ChannelName.MAIL,
                routes=only(self.relay, gate),
                ledger=self.ledger,
                clock=self.clock,
                bell=bell,
                owner=f"worker-{number}",
                slots=Slots(lanes=4, batch=50),
            )
            for number, bell in enumerate(self.bells)
        ]

    def plan(self, count: int, *, update: int = 1, priority: int = 300) -> None:
        """Write an update's rows, and ring."""
        now = self.clock.now()
        statement = Statement(
            incident="INC-1",
            update=update,
            audience="customers",
            channel=ChannelName.MAIL,
            subject="Card payments",
            parts={PLAIN: "They fail."},
            thread="INC-1:customers",
        )
        fanout = self.ledger.open(update=update, statement=statement, priority=priority, now=now)
        people = [Line(address=f"p{number}.{update}@x.org") for number in range(count)]
        self.ledger.write(fanout, people, now=now)
        self.ledger.ready(fanout)
        for bell in self.bells:
            bell.ring()

    async def until_taken(self, count: int) -> float:
        """Return how many seconds passed until the relay had taken so many."""
        begun = self.clock.now()
        while len(self.relay.taken) < count:
            await self.clock.sleep_until(self.clock.now() + timedelta(milliseconds=50))
            assert self.clock.now() - begun < timedelta(minutes=5), "it does not get on"
        return (max(self.relay.taken.values()) - begun).total_seconds()

    async def fan_out(self, count: int) -> float:
        """Plan so many deliveries and send them; return the seconds that it took."""
        self.plan(count)
        running = [asyncio.create_task(runner.run()) for runner in self.runners]
        took = await self.until_taken(count)
        await self.clock.sleep_until(self.clock.now() + timedelta(seconds=2))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        return took

    @property
    def refused_share(self) -> float:
        """Refused attempts among all."""
        return self.relay.refused / (self.relay.refused + len(self.relay.taken))

    def states(self) -> set[DeliveryState]:
        """The states in which deliveries are."""
        return {row.state for row in self.ledger.rows("INC-1", Filter(limit=10_000))}


@pytest.mark.parametrize("relay", RELAYS)
def test_a_relay_of_unknown_rate_gets_nearly_all_that_it_takes_and_hardly_more(relay: str) -> None:
    floor = Floor(RELAYS[relay]())

    took = asyncio.run(floor.clock.run(floor.fan_out(SECONDS * RATE)))

    assert SECONDS / took >= 0.97
    assert floor.refused_share <= 0.02
    assert floor.states() == {DeliveryState.ACCEPTED}
    assert floor.relay.twice == 0


def test_a_configured_rate_is_kept_and_nothing_is_refused() -> None:
    floor = Floor(by_the_bucket(RATE, burst=RATE // 4), rate=RATE)

    took = asyncio.run(floor.clock.run(floor.fan_out(SECONDS * RATE)))

    assert SECONDS / took == pytest.approx(1.0, abs=0.01)
    assert floor.relay.refused == 0


def test_two_workers_share_what_the_relay_takes() -> None:
    floor = Floor(by_the_second(RATE), workers=2)

    took = asyncio.run(floor.clock.run(floor.fan_out(SECONDS * RATE)))

    assert SECONDS / took >= 0.96
    assert floor.refused_share <= 0.02
    assert floor.states() == {DeliveryState.ACCEPTED}
    assert floor.relay.twice == 0


@pytest.mark.parametrize("workers", [1, 3])
def test_an_urgent_update_overtakes_a_bulk_one_at_the_limit(workers: int) -> None:
    floor = Floor(lambda _now: True, rate=500, workers=workers)

    async def story() -> float:
        floor.plan(3000, priority=301)
        running = [asyncio.create_task(runner.run()) for runner in floor.runners]
        await floor.clock.sleep_until(floor.clock.now() + timedelta(seconds=1))
        approved = floor.clock.now()
        floor.plan(200, update=2, priority=101)
        await floor.clock.sleep_until(approved + timedelta(seconds=2))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        urgent = [at for address, at in floor.relay.taken.items() if ".2@" in address]
        assert len(urgent) == 200
        return (max(urgent) - approved).total_seconds()

    assert asyncio.run(floor.clock.run(story())) <= 1.0
    rate = len(floor.relay.taken) / 3
    assert rate == pytest.approx(500, rel=0.05)
