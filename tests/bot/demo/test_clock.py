"""Demo time runs faster, stands still and jumps, and whoever sleeps in it wakes in time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.demo.clock import ScaledClock

START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


class Held:
    """Real time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def real() -> Held:
    return Held()


def test_it_runs_at_its_speed(real: Held) -> None:
    clock = ScaledClock(START, speed=60, ticks=real)
    real.now += 2

    assert clock.now() == START + timedelta(minutes=2)


def test_a_change_of_speed_keeps_what_has_passed(real: Held) -> None:
    clock = ScaledClock(START, speed=60, ticks=real)
    real.now += 1
    clock.play(1)
    real.now += 1

    assert clock.now() == START + timedelta(seconds=61)


def test_a_pause_stands_still_and_a_step_jumps(real: Held) -> None:
    clock = ScaledClock(START, speed=60, ticks=real)
    clock.pause()
    real.now += 100
    clock.step(timedelta(minutes=5))

    assert clock.now() == START + timedelta(minutes=5)
    assert not clock.running


async def test_a_sleeper_wakes_when_a_step_passes_its_moment(real: Held) -> None:
    clock = ScaledClock(START, running=False, ticks=real)
    sleeper = asyncio.create_task(clock.sleep_until(START + timedelta(hours=1)))
    await asyncio.sleep(0)
    clock.step(timedelta(minutes=59))
    await asyncio.sleep(0.01)
    assert not sleeper.done()

    clock.step(timedelta(minutes=1))
    await asyncio.wait_for(sleeper, 60)


async def test_a_sleeper_wakes_sooner_when_time_goes_faster() -> None:
    clock = ScaledClock(START, speed=1)
    sleeper = asyncio.create_task(clock.sleep_until(START + timedelta(minutes=10)))
    await asyncio.sleep(0)
    clock.play(1_000_000)

    await asyncio.wait_for(sleeper, 60)


async def test_a_sleeper_stays_asleep_through_a_pause(real: Held) -> None:
    clock = ScaledClock(START, speed=1_000, ticks=real)
    sleeper = asyncio.create_task(clock.sleep_until(START + timedelta(seconds=20)))
    await asyncio.sleep(0)
    clock.pause()
    real.now += 3_600
    await asyncio.sleep(0.05)
    assert not sleeper.done()

    clock.play()
    real.now += 3_600
    await asyncio.wait_for(sleeper, 60)


async def test_a_hold_stands_still_and_then_time_goes_on(real: Held) -> None:
    clock = ScaledClock(START, speed=60, ticks=real)
    with clock.held():
        real.now += 100
        assert clock.now() == START
        assert clock.running
    real.now += 1

    assert clock.now() == START + timedelta(minutes=1)


@pytest.mark.parametrize("speed", [0, -1])
def test_time_runs_forward_only(speed: float) -> None:
    with pytest.raises(ValueError, match="forward"):
        ScaledClock(START).play(speed)
