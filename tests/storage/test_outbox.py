"""The outbox: effects once each, a lane's in order, none holding up another lane."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
import structlog.testing

from comms.bell import Bell
from comms.errors import Unavailable
from comms.outbox import GIVE_UP_AFTER, LONGEST_WAIT, Carrier, Effect, Hand
from comms.testing import HeldClock
from comms.testing.clock import MONDAY
from storage.book import SqlBook
from storage.connect import is_sqlite
from storage.database import Database
from storage.lanes import SharedEffects
from storage.outbox import SqlEffects

Put = Callable[..., Awaitable[None]]

SECOND = timedelta(seconds=1)


class Hands:
    """Carries effects out on paper; those whose key is in `broken` or `away` fail."""

    def __init__(self) -> None:
        self.carried: list[str] = []
        self.broken: set[str] = set()
        self.away: set[str] = set()
        self.before_failing: Callable[[], Awaitable[None]] | None = None

    async def carry(self, effect: Effect) -> None:
        if effect.key in self.away:
            raise Unavailable(f"{effect.key} is away")
        if effect.key in self.broken:
            if self.before_failing:
                await self.before_failing()
            raise ConnectionError(f"{effect.key} cannot be reached")
        self.carried.append(effect.key)

    def by_kind(self) -> dict[str, Hand]:
        return dict.fromkeys(("room.open", "room.refresh", "page.refresh"), self.carry)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture(params=["sqlite", "postgres"])
def kept_in(request: pytest.FixtureRequest) -> Database:
    """Where the outbox is: in a process's own SQLite, or on a Postgres that several share."""
    database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    assert isinstance(database, Database)
    return database


@pytest.fixture
def effects(kept_in: Database) -> SqlEffects:
    return SqlEffects(kept_in) if is_sqlite(kept_in.url) else SharedEffects(kept_in, me="one")


@pytest.fixture
def carrier(effects: SqlEffects, hands: Hands, clock: HeldClock, bell: Bell) -> Carrier:
    return Carrier(effects=effects, hands=hands.by_kind(), clock=clock, bell=bell)


@pytest.fixture
def put(kept_in: Database) -> Put:
    async def put(
        *keys: str, incident: str = "INC-1", kind: str = "room.refresh", **payload: str
    ) -> None:
        def work(book: SqlBook) -> None:
            for key in keys:
                book.outbox.put(
                    Effect(kind=kind, key=key, incident=incident, payload=payload or {"is": key}),
                    now=MONDAY,
                )

        await kept_in.write(lambda session: work(SqlBook(session)))

    return put


async def test_effects_of_a_lane_are_carried_out_in_the_order_of_writing(
    put: Put, carrier: Carrier, hands: Hands
) -> None:
    await put("a", "b", "c")

    assert await carrier.carry()

    assert hands.carried == ["a", "b", "c"]
    assert not await carrier.carry()


async def test_the_same_effect_written_twice_is_carried_out_once(
    put: Put, carrier: Carrier, hands: Hands
) -> None:
    await put("a")
    await put("a")
    await carrier.carry()
    await put("a")
    await carrier.carry()

    assert hands.carried == ["a"]


async def test_what_failed_is_tried_again_later_and_its_lane_waits_for_it(
    put: Put, carrier: Carrier, hands: Hands, clock: HeldClock
) -> None:
    hands.broken = {"a"}
    await put("a", "b")
    await carrier.carry()
    assert hands.carried == []
    assert not await carrier.carry()

    hands.broken = set()
    clock.advance(SECOND)
    await carrier.carry()

    assert hands.carried == ["a", "b"]


async def test_what_is_missing_is_logged_in_one_line_and_a_bug_with_its_trace(
    put: Put, effects: SqlEffects, clock: HeldClock, bell: Bell
) -> None:
    async def open_room(_effect: Effect) -> None:
        raise Unavailable("Sitrep is in no Teams channel yet.")

    async def stumble(_effect: Effect) -> None:
        raise KeyError("place")

    await put("room", kind="room.open")
    await put("page", kind="page.refresh")
    hands = {"room.open": open_room, "page.refresh": stumble}
    with structlog.testing.capture_logs() as logged:
        await Carrier(effects=effects, hands=hands, clock=clock, bell=bell).carry()

    told = {line["kind"]: line for line in logged}
    assert told["room.open"]["why"] == "Sitrep is in no Teams channel yet."
    assert told["room.open"]["exc_info"] is None
    assert isinstance(told["page.refresh"]["exc_info"], KeyError)


async def test_a_lane_that_waits_holds_up_no_other(
    put: Put, carrier: Carrier, hands: Hands
) -> None:
    hands.broken = {"a"}
    await put("a", "behind a")
    await put("page", kind="page.refresh")
    await put("other", incident="INC-2")

    await carrier.carry()

    assert sorted(hands.carried) == ["other", "page"]


async def test_what_a_later_effect_shows_anew_is_not_shown_twice(
    put: Put, carrier: Carrier, hands: Hands
) -> None:
    await put("first", card="war room")
    await put("between", card="ask")
    await put("last", card="war room")

    await carrier.carry()
    await carrier.carry()

    assert hands.carried == ["between", "last"]


async def test_many_waiting_lanes_hide_no_work(
    put: Put, carrier: Carrier, hands: Hands, effects: SqlEffects, clock: HeldClock
) -> None:
    for n in range(150):
        await put(f"down {n}", f"behind {n}", incident=f"INC-{n}")
    for effect in await effects.waiting(clock.now(), limit=300):
        if effect.key.startswith("down"):
            await effects.put_off(effect, until=clock.now() + SECOND, why="down")
    await put("fresh", incident="INC-1000")

    await carrier.carry()

    assert hands.carried == ["fresh"]


async def test_the_next_due_moment_is_that_of_the_first_in_a_lane(
    put: Put,
    carrier: Carrier,
    hands: Hands,
    effects: SqlEffects,
    clock: HeldClock,
) -> None:
    assert await effects.next_due() is None
    hands.broken = {"a"}
    await put("a", "b")

    await carrier.carry()

    # 'b' is due, but behind 'a': to wake for it would be to spin.
    assert await effects.next_due() == clock.now() + SECOND


async def test_waits_grow_and_at_last_an_effect_is_given_up(
    put: Put,
    carrier: Carrier,
    hands: Hands,
    effects: SqlEffects,
    clock: HeldClock,
) -> None:
    hands.broken = {"a"}
    await put("a", "b")
    waits = []
    while due := await effects.next_due():
        if due > clock.now():
            waits.append((due - clock.now()).total_seconds())
            clock.advance(due - clock.now())
        await carrier.carry()

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600]
    assert len(waits) == GIVE_UP_AFTER - 1
    assert hands.carried == ["b"]


async def test_what_waits_for_something_that_is_away_is_not_given_up(
    put: Put, carrier: Carrier, hands: Hands, effects: SqlEffects, clock: HeldClock
) -> None:
    hands.away = {"a"}
    await put("a", "b")
    for _ in range(3 * GIVE_UP_AFTER):
        due = await effects.next_due()
        assert due
        clock.advance(max(due - clock.now(), timedelta()))
        await carrier.carry()

    hands.away.clear()
    clock.advance(timedelta(minutes=10))
    while await carrier.carry():
        pass
    assert hands.carried == ["a", "b"]


async def test_what_is_revived_is_tried_again_at_once_and_in_order(
    put: Put, carrier: Carrier, hands: Hands, kept_in: Database, clock: HeldClock
) -> None:
    hands.broken = {"waits", "given up"}
    await put("given up")
    for _ in range(GIVE_UP_AFTER):
        await carrier.carry()
        clock.advance(timedelta(minutes=10))
    await put("waits", "behind it")
    await carrier.carry()
    hands.broken.clear()

    await kept_in.write(lambda session: SqlBook(session).outbox.revive("page"))
    assert not await carrier.carry()
    await kept_in.write(lambda session: SqlBook(session).outbox.revive("room"))
    while await carrier.carry():
        pass

    assert hands.carried == ["given up", "waits", "behind it"]


async def test_what_is_revived_while_it_fails_is_not_put_off(
    put: Put, carrier: Carrier, hands: Hands, kept_in: Database
) -> None:
    async def revive() -> None:
        await kept_in.write(lambda session: SqlBook(session).outbox.revive("room"))
        hands.broken.clear()

    hands.broken, hands.before_failing = {"a"}, revive
    await put("a", "b")
    while await carrier.carry():
        pass

    assert hands.carried == ["a", "b"]


async def test_an_effect_that_nobody_can_carry_out_stops_nothing(
    put: Put, carrier: Carrier, hands: Hands
) -> None:
    await put("strange", kind="fax.send")
    await put("a")

    await carrier.carry()

    assert hands.carried == ["a"]


async def test_what_is_put_while_the_carrier_rests_is_carried_out_at_the_ring(
    put: Put, carrier: Carrier, hands: Hands, bell: Bell
) -> None:
    running = asyncio.create_task(carrier.run())
    await asyncio.sleep(0.05)
    await put("a")
    bell.ring()

    await asyncio.wait_for(_until(lambda: hands.carried == ["a"]), 60)
    running.cancel()


async def test_a_database_that_fails_for_a_moment_repeats_no_effect(
    put: Put,
    kept_in: Database,
    hands: Hands,
    clock: HeldClock,
    bell: Bell,
) -> None:
    class Flaky(SqlEffects):
        failures = 1

        async def done(self, effect: Effect, now: object) -> None:
            if self.failures:
                self.failures -= 1
                raise Unavailable("locked")
            await super().done(effect, clock.now())

    await put("a", "b")

    await Carrier(effects=Flaky(kept_in), hands=hands.by_kind(), clock=clock, bell=bell).carry()

    assert hands.carried == ["a", "b"]


async def test_a_database_that_fails_as_an_effect_is_put_off_repeats_no_other(
    put: Put,
    kept_in: Database,
    hands: Hands,
    clock: HeldClock,
    bell: Bell,
) -> None:
    is_locked = asyncio.Event()

    class Flaky(SqlEffects):
        async def put_off(self, effect: Effect, *, until: datetime | None, why: str) -> None:
            if not is_locked.is_set():
                is_locked.set()
                raise Unavailable("locked")
            await super().put_off(effect, until=until, why=why)

    async def late(effect: Effect) -> None:
        await is_locked.wait()
        await hands.carry(effect)

    hands.broken = {"fails"}
    await put("fails", incident="INC-1")
    await put("under way", incident="INC-2", kind="page.refresh")
    by_kind = {**hands.by_kind(), "page.refresh": late}
    carrier = Carrier(effects=Flaky(kept_in), hands=by_kind, clock=clock, bell=bell)

    while await carrier.carry():
        pass

    assert hands.carried == ["under way"]


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 (another task makes it true)
        await asyncio.sleep(0.01)


async def test_an_effect_put_off_before_the_clock_was_set_back_is_due(
    put: Put, carrier: Carrier, hands: Hands, clock: HeldClock
) -> None:
    hands.broken = {"a"}
    await put("a", "b")
    await carrier.carry()
    hands.broken = set()
    clock.turn_back(LONGEST_WAIT)

    await carrier.carry()

    assert hands.carried == ["a", "b"]
