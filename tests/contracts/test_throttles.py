"""How fast all workers together may send: the same cases for memory, SQLite and Postgres."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from comms.testing import HeldClock, MemoryThrottle
from comms.throttle import Grant, Limit, Throttle, Told
from storage.throttle import SqlThrottle

KEY = "mail:incidents@contoso.com"
SECOND = timedelta(seconds=1)
BULK, SEV1 = 302, 102


class Workers:
    """Two workers on one throttle, on a clock that the test holds."""

    def __init__(self, one: Throttle, other: Throttle, clock: HeldClock) -> None:
        self.throttles = (one, other)
        self.clock = clock

    async def turn(
        self,
        *,
        rate: float = 0.0,
        want: int = 10,
        priority: int = BULK,
        told: Told | None = None,
        worker: int = 0,
        key: str = KEY,
        burst: int = 0,
    ) -> Grant:
        """Tell and ask as a worker does."""
        limit = Limit(key=key, rate=rate, burst=burst)
        return await self.throttles[worker].turn(
            limit, told, want=want, priority=priority, now=self.clock.now()
        )

    async def refused(self, retry_after: timedelta | None = None) -> None:
        """The other side refuses what the first worker sent just now."""
        told = Told(began=self.clock.now(), refused=1, retry_after=retry_after)
        await self.turn(told=told, want=0)

    async def sent_within(self, length: timedelta, *, rate: float) -> list[datetime]:
        """Both ask whenever they may for so long; return when each permit begins, in order."""
        until = self.clock.now() + length
        begins: list[datetime] = []
        while self.clock.now() < until:
            for worker in (0, 1):
                grant = await self.turn(rate=rate, worker=worker)
                begins += [grant.start + n * SECOND / rate for n in range(grant.permits)]
            self.clock.advance(timedelta(milliseconds=50))
        return sorted(begin for begin in begins if begin < until)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def workers(request: pytest.FixtureRequest, clock: HeldClock) -> Workers:
    if request.param == "memory":
        memory = MemoryThrottle()
        return Workers(memory, memory, clock)
    database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    return Workers(SqlThrottle(database), SqlThrottle(database), clock)


async def test_without_a_limit_all_that_is_wanted_may_leave_at_once(workers: Workers) -> None:
    grant = await workers.turn(want=500)

    assert grant == Grant(permits=500, start=workers.clock.now(), rate=0.0)


async def test_two_workers_keep_one_rate_together_at_even_distances(workers: Workers) -> None:
    begins = await workers.sent_within(10 * SECOND, rate=40)

    assert len(begins) == pytest.approx(400, abs=8)
    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(begins)]
    assert sum(gap >= 0.9 / 40 for gap in gaps) >= 0.98 * len(gaps)


async def test_many_who_ask_at_once_get_no_more_than_the_rate(workers: Workers) -> None:
    grants = await asyncio.gather(
        *(workers.turn(rate=40, want=25, worker=n % 2) for n in range(30))
    )

    ahead = 0.25 + 0.1 + 1 / 40  # what is reserved ahead, what was saved up, the last one's own
    assert 0 < sum(grant.permits for grant in grants) <= 40 * ahead + 1
    assert any(not grant.permits for grant in grants)


async def test_who_gets_nothing_learns_when_to_ask_again(workers: Workers) -> None:
    while (grant := await workers.turn(rate=40)).permits:
        pass

    assert grant.start > workers.clock.now()
    workers.clock.advance(grant.start - workers.clock.now())
    assert (await workers.turn(rate=40, worker=1)).permits


async def test_each_key_has_a_pace_of_its_own(workers: Workers) -> None:
    while (await workers.turn(rate=2, key="teams:contoso:INC-1")).permits:
        pass

    assert (await workers.turn(rate=2, key="teams:contoso:INC-2")).permits


async def test_a_burst_that_is_allowed_leaves_at_once(workers: Workers) -> None:
    grants = [await workers.turn(rate=2, burst=3, want=1) for _ in range(4)]

    assert [grant.start for grant in grants] == [workers.clock.now()] * 4
    later = await workers.turn(rate=2, burst=3, want=1)
    assert later.start > workers.clock.now()


async def test_a_refusal_silences_every_worker_for_a_moment(workers: Workers) -> None:
    await workers.turn(told=Told(began=workers.clock.now(), accepted=100))

    await workers.refused()

    grant = await workers.turn(worker=1)
    assert grant.permits == 0
    assert workers.clock.now() < grant.start <= workers.clock.now() + SECOND


async def test_what_the_other_side_wishes_is_kept_to_the_second(workers: Workers) -> None:
    await workers.refused(retry_after=90 * SECOND)

    for _ in range(2):
        grant = await workers.turn(worker=1)
        assert (grant.permits, grant.start) == (0, workers.clock.now() + 90 * SECOND)
    workers.clock.advance(90 * SECOND)
    assert (await workers.turn(worker=1)).permits == 1


async def test_after_a_refusal_it_is_slower_and_later_as_fast_again(workers: Workers) -> None:
    for _ in range(10):
        told = Told(began=workers.clock.now(), accepted=20)
        await workers.turn(rate=400, told=told)
        workers.clock.advance(SECOND / 10)
    await workers.turn(
        rate=400, want=0, told=Told(began=workers.clock.now(), accepted=0, refused=1)
    )
    workers.clock.advance(SECOND)
    slower = await workers.turn(rate=400, worker=1)

    for _ in range(240):
        told = Told(began=workers.clock.now(), accepted=200)
        grant = await workers.turn(rate=400, told=told)
        workers.clock.advance(SECOND / 2)

    assert slower.rate < 400
    assert grant.rate == 400


async def test_who_is_more_urgent_goes_first_and_the_others_stand_back(workers: Workers) -> None:
    await workers.turn(rate=40, priority=BULK)

    urgent = await workers.turn(rate=40, priority=SEV1, worker=1)
    bulk = await workers.turn(rate=40, priority=BULK)

    assert urgent.permits
    assert (bulk.permits, bulk.start > workers.clock.now()) == (0, True)
    workers.clock.advance(SECOND)
    assert (await workers.turn(rate=40, priority=BULK)).permits


@pytest.mark.parametrize("rate", [0.5, 40.0])
async def test_a_clock_that_was_set_back_holds_nobody_up(workers: Workers, rate: float) -> None:
    await workers.turn(rate=rate, told=Told(began=workers.clock.now(), accepted=3))
    await workers.refused(retry_after=5 * SECOND)
    workers.clock.turn_back(timedelta(hours=1))

    assert (await workers.turn(rate=rate, worker=1)).permits
    assert len(await workers.sent_within(20 * SECOND, rate=rate)) >= 5 * rate
