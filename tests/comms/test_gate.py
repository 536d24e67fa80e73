"""A runner's way to permits: few questions, nothing wasted, refusals passed on at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from comms.channels.teams.limits import limits as teams_limits
from comms.delivery import DeliveryState, Outcome, Reason
from comms.gate import Gate, Limits
from comms.ledger import Fanout, FanoutState
from comms.plan.model import ChannelName
from comms.testing import HeldClock, LeapingClock, MemoryThrottle
from comms.throttle import Grant, Limit, Told

SECOND = timedelta(seconds=1)


class Asked(MemoryThrottle):
    """Remembers what it is asked and told."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []
        self.told: list[tuple[str, Told]] = []

    async def turn(
        self, limit: Limit, told: Told | None, *, want: int, priority: int, now: datetime
    ) -> Grant:
        """Remember, and grant as it does."""
        self.keys.append(limit.key)
        if told:
            self.told.append((limit.key, told))
        return await super().turn(limit, told, want=want, priority=priority, now=now)


def fanout(incident: str = "INC-1", priority: int = 300) -> Fanout:
    return Fanout(
        id=1,
        incident=incident,
        update=1,
        audience="stakeholders",
        channel=ChannelName.MAIL,
        priority=priority,
        state=FanoutState.READY,
        opened_at=datetime(2026, 1, 5, tzinfo=UTC),
    )


def only(rate: float) -> Limits:
    return lambda _fanout: (Limit(key="mail", rate=rate),)


@pytest.fixture
def throttle() -> Asked:
    return Asked()


async def test_where_nothing_is_limited_the_throttle_is_asked_once_a_second(
    throttle: Asked, clock: HeldClock
) -> None:
    gate = Gate(limits=only(0), throttle=throttle, clock=clock)

    for _ in range(50):
        assert (await gate.enter(fanout(), 50)).permits == 50
        clock.advance(SECOND / 25)

    assert len(throttle.keys) == 2


async def test_permits_that_nothing_was_sent_with_are_used_the_next_time(
    throttle: Asked, clock: HeldClock
) -> None:
    gate = Gate(limits=only(200), throttle=throttle, clock=clock)
    entry = await gate.enter(fanout(), 50)

    gate.leave(fanout(), entry.permits - 2)

    again = await gate.enter(fanout(), 50)
    assert again.permits == entry.permits - 2
    assert len(throttle.keys) == 1


def test_what_is_a_moment_away_is_waited_for_and_what_is_not_is_given_back() -> None:
    clock, throttle = LeapingClock(), Asked()

    async def story() -> None:
        gate = Gate(limits=only(10), throttle=throttle, clock=clock)
        begun = clock.now()
        for _ in range(20):
            assert (await gate.enter(fanout(), 1)).permits == 1
        assert clock.now() - begun >= 1.5 * SECOND

        slow = Gate(limits=only(0.01), throttle=MemoryThrottle(), clock=clock)
        assert (await slow.enter(fanout(), 1)).permits == 1
        entry = await slow.enter(fanout(), 1)
        assert (entry.permits, entry.is_narrow) == (0, False)
        assert entry.again_at is not None
        assert entry.again_at > clock.now() + 60 * SECOND

    asyncio.run(clock.run(story()))


async def test_a_full_thread_holds_up_itself_and_not_the_tenant(
    throttle: Asked, clock: HeldClock
) -> None:
    gate = Gate(limits=teams_limits("contoso"), throttle=throttle, clock=clock)
    throttle.paces.clear()
    refused = Outcome(
        delivery=1,
        state=DeliveryState.REJECTED,
        reason=Reason.THROTTLED,
        retry_after=30 * SECOND,
    )

    await gate.tell(fanout("INC-1"), [refused], clock.now())

    full = await gate.enter(fanout("INC-1"), 1)
    assert (full.permits, full.is_narrow) == (0, True)
    assert full.again_at == clock.now() + 30 * SECOND
    assert (await gate.enter(fanout("INC-2"), 1)).permits == 1


async def test_one_refusal_of_a_batch_is_told_at_once_with_the_longest_wish(
    throttle: Asked, clock: HeldClock
) -> None:
    gate = Gate(limits=only(0), throttle=throttle, clock=clock)
    await gate.enter(fanout(), 3)
    accepted = Outcome(delivery=1, state=DeliveryState.ACCEPTED)
    wishes = [
        Outcome(
            delivery=2 + n,
            state=DeliveryState.REJECTED,
            reason=Reason.THROTTLED,
            retry_after=n * SECOND,
        )
        for n in (5, 9)
    ]

    await gate.tell(fanout(), [accepted, *wishes], clock.now())

    [(_, told)] = throttle.told
    assert (told.accepted, told.refused, told.retry_after) == (1, 2, 9 * SECOND)


def test_a_refusal_slows_the_rate_and_leaves_a_quota_alone() -> None:
    clock, throttle = HeldClock(), Asked()
    rate = Limit(key="rate", rate=0.5)
    quota = Limit(key="quota", rate=10_000 / 86_400, burst=10_000, is_quota=True)
    gate = Gate(limits=lambda _fanout: (rate, quota), throttle=throttle, clock=clock)
    refused = Outcome(delivery=1, state=DeliveryState.REJECTED, reason=Reason.THROTTLED)

    asyncio.run(gate.tell(fanout(), [refused], clock.now()))

    assert [key for key, _ in throttle.told] == ["rate"]


def test_what_a_quota_has_saved_up_may_leave_at_once_and_no_more() -> None:
    clock, throttle = HeldClock(), MemoryThrottle()
    quota = Limit(key="quota", rate=100 / 3600, burst=99, is_quota=True)
    gate = Gate(limits=lambda _fanout: (quota,), throttle=throttle, clock=clock)

    async def taken() -> int:
        permits = 0
        while entered := (await gate.enter(fanout(), 50)).permits:
            permits += entered
        return permits

    assert asyncio.run(taken()) == 100
    clock.advance(timedelta(minutes=6))
    assert asyncio.run(taken()) == 10


async def test_permits_from_before_the_clock_was_set_back_are_not_waited_for(
    clock: HeldClock,
) -> None:
    class SetBackMeanwhile(MemoryThrottle):
        async def turn(
            self, limit: Limit, told: Told | None, *, want: int, priority: int, now: datetime
        ) -> Grant:
            granted = await super().turn(limit, told, want=want, priority=priority, now=now)
            clock.turn_back(timedelta(hours=1))
            return granted

    gate = Gate(limits=only(0), throttle=SetBackMeanwhile(), clock=clock)

    assert (await asyncio.wait_for(gate.enter(fanout(), 50), 60)).permits == 50
