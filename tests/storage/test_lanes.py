"""Several carriers on one Postgres: a lane is in one hand at a time, and never in none for long."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlmodel import Session

from comms.outbox import Effect
from comms.testing import HeldClock
from storage.book import SqlBook
from storage.database import Database
from storage.lanes import LEASE, SharedEffects

SECOND = timedelta(seconds=1)


@pytest.fixture
def one(postgres: Database) -> SharedEffects:
    """The outbox as one process sees it."""
    return SharedEffects(postgres, me="one")


@pytest.fixture
def two(postgres: Database) -> SharedEffects:
    """The outbox as another process sees it."""
    return SharedEffects(postgres, me="two")


@pytest.fixture
async def waiting(postgres: Database, clock: HeldClock) -> None:
    """Two effects of one incident, and one of another."""
    await put(postgres, clock, ("a", "INC-1"), ("b", "INC-1"), ("c", "INC-2"))


@pytest.mark.usefixtures("waiting")
async def test_what_one_has_in_hand_another_leaves_alone(
    one: SharedEffects, two: SharedEffects, clock: HeldClock
) -> None:
    assert keys(await one.waiting(clock.now(), limit=2)) == ["a", "b"]
    assert keys(await two.waiting(clock.now(), limit=16)) == ["c"]


@pytest.mark.usefixtures("waiting")
async def test_two_who_look_at_the_same_moment_share_and_repeat_nothing(
    one: SharedEffects, two: SharedEffects, clock: HeldClock
) -> None:
    both = await asyncio.gather(
        one.waiting(clock.now(), limit=16), two.waiting(clock.now(), limit=16)
    )

    assert sorted(keys(both[0]) + keys(both[1])) == ["a", "b", "c"]


@pytest.mark.usefixtures("waiting")
async def test_what_is_written_into_a_lane_in_hand_waits_for_that_hand(
    one: SharedEffects, two: SharedEffects, postgres: Database, clock: HeldClock
) -> None:
    first = await one.waiting(clock.now(), limit=16)
    await put(postgres, clock, ("d", "INC-1"))

    assert await two.waiting(clock.now(), limit=16) == ()

    for effect in first:
        await one.done(effect, clock.now())
    assert keys(await one.waiting(clock.now(), limit=16)) == ["d"]


@pytest.mark.usefixtures("waiting")
async def test_a_carrier_that_is_gone_is_followed_when_its_lease_has_run_out(
    one: SharedEffects, two: SharedEffects, clock: HeldClock
) -> None:
    await one.waiting(clock.now(), limit=16)
    assert await two.next_due() == clock.now() + LEASE

    clock.advance(LEASE)

    assert keys(await two.waiting(clock.now(), limit=16)) == ["a", "b", "c"]


@pytest.mark.usefixtures("waiting")
async def test_who_was_frozen_past_its_lease_puts_off_nothing_that_another_has_done(
    one: SharedEffects, two: SharedEffects, clock: HeldClock
) -> None:
    first, *_ = await one.waiting(clock.now(), limit=16)
    clock.advance(LEASE)
    for effect in await two.waiting(clock.now(), limit=16):
        await two.done(effect, clock.now())

    await one.put_off(first, until=clock.now(), why="The connection is gone.")

    assert await two.waiting(clock.now(), limit=16) == ()


@pytest.mark.usefixtures("waiting")
async def test_a_lease_from_before_the_clock_was_set_back_holds_no_lane(
    one: SharedEffects, two: SharedEffects, clock: HeldClock
) -> None:
    await one.waiting(clock.now(), limit=16)
    clock.turn_back(LEASE)

    assert keys(await two.waiting(clock.now(), limit=16)) == ["a", "b", "c"]


@pytest.mark.usefixtures("waiting")
async def test_who_looked_at_the_clock_a_moment_sooner_takes_nothing_away(
    one: SharedEffects, two: SharedEffects, clock: HeldClock
) -> None:
    await one.waiting(clock.now(), limit=16)

    assert await two.waiting(clock.now() - SECOND, limit=16) == ()


@pytest.mark.usefixtures("waiting")
async def test_a_slow_hand_keeps_its_lane_as_long_as_it_says_so(
    one: SharedEffects, two: SharedEffects, clock: HeldClock
) -> None:
    await one.waiting(clock.now(), limit=16)
    clock.advance(LEASE - SECOND)
    await one.renew(clock.now())
    clock.advance(LEASE - SECOND)

    assert await two.waiting(clock.now(), limit=16) == ()


@pytest.mark.usefixtures("waiting")
async def test_a_carrier_that_stops_lets_go_at_once(
    one: SharedEffects, two: SharedEffects, clock: HeldClock
) -> None:
    await one.waiting(clock.now(), limit=16)
    await one.release()

    assert keys(await two.waiting(clock.now(), limit=16)) == ["a", "b", "c"]


async def put(postgres: Database, clock: HeldClock, *effects: tuple[str, str]) -> None:
    """Write effects as an act does: each a key and an incident."""

    def write(session: Session) -> None:
        for key, incident in effects:
            effect = Effect(kind="room.refresh", key=key, incident=incident)
            SqlBook(session).outbox.put(effect, now=clock.now())

    await postgres.write(write)


def keys(effects: Sequence[Effect]) -> list[str]:
    """The effects' keys in their order."""
    return [effect.key for effect in effects]
