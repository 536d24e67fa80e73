"""The bell wakes a loop for new work or at its due moment, whichever comes first."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from comms.bell import Bell
from comms.testing import HeldClock

MINUTE = timedelta(minutes=1)


async def waiting(bell: Bell, clock: HeldClock, minutes: int | None) -> asyncio.Task[None]:
    """Start waiting and return once it really waits."""
    until = None if minutes is None else clock.now() + minutes * MINUTE
    task = asyncio.create_task(bell.wait(clock, until))
    await settled()
    return task


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_ring_wakes_whoever_waits(clock: HeldClock) -> None:
    bell = Bell()
    task = await waiting(bell, clock, 10)
    assert not task.done()

    bell.ring()
    await settled()

    assert task.done()
    assert clock.sleepers == ()


async def test_a_ring_while_nobody_waits_is_not_lost(clock: HeldClock) -> None:
    bell = Bell()
    bell.ring()

    await asyncio.wait_for(bell.wait(clock, None), 60)


async def test_a_ring_wakes_once(clock: HeldClock) -> None:
    bell = Bell()
    bell.ring()
    await bell.wait(clock, None)

    task = await waiting(bell, clock, None)

    assert not task.done()
    task.cancel()


async def test_the_due_moment_wakes_without_a_ring(clock: HeldClock) -> None:
    task = await waiting(Bell(), clock, 10)

    clock.advance(9 * MINUTE)
    await settled()
    assert not task.done()
    clock.advance(MINUTE)
    await settled()
    assert task.done()


async def test_a_moment_that_has_passed_does_not_wait(clock: HeldClock) -> None:
    await asyncio.wait_for(Bell().wait(clock, clock.now() - MINUTE), 60)


async def test_who_is_cancelled_while_waiting_leaves_nothing_behind(clock: HeldClock) -> None:
    task = await waiting(Bell(), clock, 10)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert clock.sleepers == ()
