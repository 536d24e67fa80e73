"""The dispatcher: every shard that waits has a job, soon and without spinning."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from comms.bell import Bell
from comms.dispatcher import AGAIN, AT_LAST, PAUSE, Dispatcher
from comms.plan.model import ChannelName
from comms.testing import HeldClock
from tests.contracts.ledgers import LedgerBench, MemoryShelf

CHANNELS = (ChannelName.MAIL, ChannelName.TEAMS)


class Paper:
    """An engine on paper: it notes when it was asked for which channel."""

    def __init__(self) -> None:
        self.asked: list[tuple[ChannelName, datetime]] = []

    async def enough(self, channel: ChannelName, now: datetime) -> int:
        self.asked.append((channel, now))
        return 0


def dispatcher(bench: LedgerBench, jobs: Paper, bell: Bell) -> Dispatcher:
    """A dispatcher of mail and Teams."""
    return Dispatcher(
        jobs=jobs, ledger=bench.ledger, channels=CHANNELS, clock=bench.clock, bell=bell
    )


async def test_every_channel_is_looked_at(clock: HeldClock, bell: Bell) -> None:
    jobs = Paper()

    await dispatcher(LedgerBench(MemoryShelf(), clock), jobs, bell).look()

    assert jobs.asked == [(channel, clock.now()) for channel in CHANNELS]


async def test_with_nothing_to_do_it_looks_again_at_last(clock: HeldClock, bell: Bell) -> None:
    idle = dispatcher(LedgerBench(MemoryShelf(), clock), Paper(), bell)

    assert await idle.look() == clock.now() + AT_LAST


async def test_while_something_waits_it_looks_again_soon_but_never_at_once(
    clock: HeldClock, bell: Bell
) -> None:
    bench = LedgerBench(MemoryShelf(), clock)
    await bench.planned("ann@example.com")

    assert await dispatcher(bench, Paper(), bell).look() == clock.now() + AGAIN


async def test_it_looks_again_when_a_lease_runs_out(clock: HeldClock, bell: Bell) -> None:
    bench = LedgerBench(MemoryShelf(), clock)
    await bench.planned("ann@example.com")
    until = clock.now() + timedelta(seconds=10)
    await bench.ledger.claim(
        channel=ChannelName.MAIL, owner="one", now=clock.now(), lease=timedelta(seconds=10)
    )

    assert await dispatcher(bench, Paper(), bell).look() == until


async def test_a_ring_makes_it_look_and_many_rings_make_it_look_once(
    clock: HeldClock, bell: Bell
) -> None:
    jobs = Paper()
    running = asyncio.create_task(dispatcher(LedgerBench(MemoryShelf(), clock), jobs, bell).run())
    await idle(clock, until=clock.now() + PAUSE)
    for _ in range(5):
        bell.ring()
    assert len(jobs.asked) == len(CHANNELS)

    clock.advance(PAUSE)
    await idle(clock, until=clock.now() + PAUSE)

    assert len(jobs.asked) == 2 * len(CHANNELS)
    running.cancel()
    await asyncio.wait([running])


async def idle(clock: HeldClock, *, until: datetime) -> None:
    """Return once somebody sleeps until that moment."""
    async with asyncio.timeout(60):
        while until not in clock.sleepers:  # noqa: ASYNC110 (a held clock rings no bell)
            await asyncio.sleep(0)
