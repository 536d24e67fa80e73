"""Copies of sources: taken with care, kept while a source is down, and made into recipients."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.people import import_recipients, listed
from comms.acts.sources import (
    begin,
    due,
    fail,
    freshen,
    next_due,
    on_call,
    refresh,
    settle,
    take_group,
    take_rota,
)
from comms.desk import Desk, House, Scene
from comms.errors import NotFound
from comms.people import SITREP
from comms.plan.model import Plan
from comms.recipient import Recipient
from comms.source import HOLD, FeedCopy, Member, Rota, Shift, Source, SourceKind, SourceState
from comms.testing import HeldClock
from storage.book import SqlStore
from storage.database import Database

GROUP = Source(kind=SourceKind.GROUP, name="Leadership")
ROTA = Rota(name="payments")
HOUR = timedelta(hours=1)
FEED = FeedCopy(origin="o", body=b"BEGIN:VCALENDAR")


def named(*names: str) -> list[Member]:
    return [Member(email=f"{name}@x.org") for name in names]


def many(count: int) -> list[Member]:
    return named(*(f"p{number}" for number in range(count)))


@pytest.fixture
def plan(plan: Plan) -> Plan:
    """The shipped plan with a group and a rota for executives."""
    executives = replace(plan.audience("executives"), sources=(GROUP, ROTA.source))
    audiences = {**plan.audiences, "executives": executives}
    return replace(plan, audiences=audiences, rotas={"payments": ROTA})


@pytest.fixture
def desk(database: Database, house: House, plan: Plan, clock: HeldClock) -> Desk:
    """A desk under that plan."""
    return Desk(store=SqlStore(database), house=replace(house, plan=plan), clock=clock)


async def take(desk: Desk, members: list[Member]) -> None:
    await desk.do(take_group, SITREP, "timer", GROUP, members, left_out={})


async def told(desk: Desk) -> list[str]:
    def look(scene: Scene) -> list[str]:
        return [one.email for one in scene.book.recipients.of("executives", limit=0)]

    return sorted(await desk.read(look, SITREP, "timer"))


async def state(desk: Desk, source: Source = GROUP) -> SourceState:
    return await desk.read(lambda scene: scene.book.sources.states()[source.key], SITREP, "timer")


async def test_the_people_of_a_group_are_told_and_who_has_left_is_not(desk: Desk) -> None:
    await take(desk, named("ann", "bob"))
    await take(desk, named("bob", "cy"))

    assert await told(desk) == ["bob@x.org", "cy@x.org"]
    assert (await state(desk)).is_good


async def test_a_new_list_leaves_the_people_of_sources_in(desk: Desk) -> None:
    await take(desk, named("ann", "bob"))
    people = [Recipient(email="BOB@x.org"), Recipient(email="dee@x.org")]

    imported = await desk.do(
        import_recipients, SITREP, "api", "executives", people=people, refused=[]
    )

    assert imported.imported == 3
    assert await told(desk) == ["BOB@x.org", "ann@x.org", "dee@x.org"]


async def test_an_exported_list_does_not_hold_those_who_come_from_sources(desk: Desk) -> None:
    await take(desk, named("ann", "bob"))
    people = [Recipient(email="bob@x.org"), Recipient(email="dee@x.org")]
    await desk.do(import_recipients, SITREP, "api", "executives", people=people, refused=[])

    exported = await desk.read(listed, SITREP, "api", "executives")

    assert [one.email for one in exported] == ["bob@x.org", "dee@x.org"]
    await desk.do(import_recipients, SITREP, "api", "executives", people=exported, refused=[])
    await take(desk, named("bob"))
    assert await told(desk) == ["bob@x.org", "dee@x.org"]


async def test_while_a_source_cannot_be_read_its_last_copy_is_told(
    desk: Desk, clock: HeldClock
) -> None:
    await take(desk, named("ann"))
    read_at = clock.now()
    clock.advance(HOUR)
    await desk.do(fail, SITREP, "timer", GROUP, "Graph answers 503.")
    clock.advance(HOUR)
    await desk.do(fail, SITREP, "timer", GROUP, "Graph answers 403.")

    assert await told(desk) == ["ann@x.org"]
    failing = await state(desk)
    assert (failing.fetched_at, failing.failing_since) == (read_at, read_at + HOUR)
    assert failing.why == "Graph answers 403."


@pytest.mark.parametrize(("before", "after"), [(1, 0), (10, 4), (500, 3)])
async def test_a_group_that_comes_back_much_smaller_is_not_believed_for_a_day(
    desk: Desk, clock: HeldClock, before: int, after: int
) -> None:
    await take(desk, many(before))
    await take(desk, many(after))

    assert len(await told(desk)) == before
    assert (await state(desk)).held == after
    clock.advance(HOLD)
    await take(desk, many(after))
    assert len(await told(desk)) == after
    assert (await state(desk)).is_good


@pytest.mark.parametrize(("before", "after"), [(9, 1), (10, 5), (0, 0), (3, 30)])
async def test_a_group_that_changes_within_reason_is_believed_at_once(
    desk: Desk, before: int, after: int
) -> None:
    await take(desk, many(before))
    await take(desk, many(after))

    assert len(await told(desk)) == after


async def test_a_group_that_is_whole_again_is_held_no_longer(desk: Desk, clock: HeldClock) -> None:
    await take(desk, many(20))
    await take(desk, [])
    clock.advance(HOLD - HOUR)
    await take(desk, many(19))
    await take(desk, [])

    assert len(await told(desk)) == 19


async def test_a_person_can_have_a_small_group_believed_at_once(desk: Desk) -> None:
    await take(desk, many(20))
    await take(desk, many(2))
    await desk.do(refresh, SITREP, "api", GROUP.key, accept=True)
    await take(desk, many(2))

    assert len(await told(desk)) == 2
    await take(desk, [])
    assert len(await told(desk)) == 2


async def test_a_source_that_no_plan_names_cannot_be_refreshed(desk: Desk) -> None:
    with pytest.raises(NotFound, match=r"Known: .*rota:payments"):
        await desk.do(refresh, SITREP, "api", "group:Nobody")


async def test_whoever_is_on_call_is_told_for_as_long_as_the_shift_lasts(
    desk: Desk, clock: HeldClock
) -> None:
    now = clock.now()
    [ann, bob] = named("ann", "bob")
    shifts = [
        Shift(starts=now - HOUR, ends=now + HOUR, member=ann),
        Shift(starts=now + HOUR, ends=now + 2 * HOUR, member=bob),
    ]
    await desk.do(take_rota, SITREP, "timer", ROTA.source, shifts, FEED)
    assert await told(desk) == ["ann@x.org"]

    clock.advance(HOUR)
    await desk.do(settle, SITREP, "timer")
    assert await told(desk) == ["bob@x.org"]

    clock.advance(HOUR)
    await desk.do(settle, SITREP, "timer")
    assert await told(desk) == []


async def test_on_call_tells_who_it_is_at_any_moment(desk: Desk, clock: HeldClock) -> None:
    now = clock.now()
    shifts = [Shift(starts=now, ends=now + HOUR, member=Member(email="ann@x.org", name="Ann"))]
    await desk.do(take_rota, SITREP, "timer", ROTA.source, shifts, FEED)

    [ann] = await desk.read(on_call, SITREP, "timer", "payments", now)
    assert (ann.name, ann.email) == ("Ann", "ann@x.org")
    assert await desk.read(on_call, SITREP, "timer", "payments", now + HOUR) == ()
    assert await desk.read(on_call, SITREP, "timer", "no such rota", now) == ()


async def test_an_empty_calendar_does_not_take_those_on_call_away(
    desk: Desk, clock: HeldClock
) -> None:
    now = clock.now()
    shifts = [Shift(starts=now, ends=now + HOUR, member=member) for member in named("ann")]
    await desk.do(take_rota, SITREP, "timer", ROTA.source, shifts, FEED)
    await desk.do(take_rota, SITREP, "timer", ROTA.source, [], FEED)

    assert await told(desk) == ["ann@x.org"]
    assert (await state(desk, ROTA.source)).held_since == now


async def test_sources_are_due_at_first_and_then_by_their_own_time(
    desk: Desk, clock: HeldClock
) -> None:
    first = await desk.read(due, SITREP, "timer")
    assert {source.key for source in first} == {"group:Leadership", "rota:payments"}

    await take(desk, named("ann"))
    await desk.do(take_rota, SITREP, "timer", ROTA.source, [], FEED)
    assert await desk.read(due, SITREP, "timer") == ()
    assert await desk.read(next_due, SITREP, "timer") == clock.now() + ROTA.refresh

    clock.advance(ROTA.refresh)
    assert [one.key for one in await desk.read(due, SITREP, "timer")] == ["rota:payments"]
    # Far in the past nothing would be due again before it has come.
    clock.turn_back(timedelta(days=400))
    assert len(await desk.read(due, SITREP, "timer")) == 2


async def test_the_end_of_a_shift_is_a_moment_to_wake_at(desk: Desk, clock: HeldClock) -> None:
    now, minute = clock.now(), timedelta(minutes=1)
    shifts = [Shift(starts=now, ends=now + minute, member=member) for member in named("ann")]
    await desk.do(take_rota, SITREP, "timer", ROTA.source, shifts, FEED)
    await take(desk, named("bob"))

    assert await desk.read(next_due, SITREP, "timer") == now + minute


async def test_a_source_that_fails_is_tried_ever_more_rarely(desk: Desk, clock: HeldClock) -> None:
    waits = []
    for _ in range(9):
        await desk.do(fail, SITREP, "timer", GROUP, "down")
        tried = await state(desk)
        assert tried.due_at
        waits.append(tried.due_at - clock.now())
        clock.advance(waits[-1])

    minutes = [wait.total_seconds() / 60 for wait in waits]
    assert minutes == [1, 1, 2, 4, 8, 16, 32, 60, 60]


async def test_a_source_that_asks_for_a_pause_gets_it(desk: Desk, clock: HeldClock) -> None:
    await desk.do(fail, SITREP, "timer", GROUP, "429", again=timedelta(hours=2))

    assert (await state(desk)).due_at == clock.now() + timedelta(hours=2)


async def test_whoever_drafts_has_old_copies_read_anew(desk: Desk, clock: HeldClock) -> None:
    await take(desk, named("ann"))
    await desk.do(take_rota, SITREP, "timer", ROTA.source, [], FEED)
    for passed, expected in ((5, []), (6, ["group:Leadership", "rota:payments"])):
        clock.advance(timedelta(minutes=passed))
        await desk.do(lambda scene: freshen(scene, scene.plan.enabled()), SITREP, "timer")
        found = await desk.read(due, SITREP, "timer")
        assert sorted(source.key for source in found) == expected


async def test_a_plan_that_names_a_source_no_more_forgets_its_people(
    desk: Desk, database: Database, house: House, clock: HeldClock
) -> None:
    await take(desk, named("ann"))
    bare = Desk(store=SqlStore(database), house=house, clock=clock)
    executives = replace(house.plan.audience("executives"), sources=())
    audiences = {**house.plan.audiences, "executives": executives}
    bare.house = replace(house, plan=replace(house.plan, audiences=audiences, rotas={}))

    await bare.do(begin, SITREP, "timer")

    assert await told(bare) == []
    assert await bare.read(next_due, SITREP, "timer") is None
