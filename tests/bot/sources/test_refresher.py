"""Sources are read in their own time; what cannot be read keeps its last good copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.sources.down import SourceDown
from bot.sources.group import Membership
from bot.sources.refresher import LONGEST_REST, Refresher
from comms.bell import Bell
from comms.desk import Desk, House
from comms.people import SITREP
from comms.plan.model import Plan
from comms.source import FeedCopy, Member, Rota, Source, SourceKind, SourceState
from comms.testing import HeldClock
from storage.book import SqlStore
from storage.database import Database

GROUP = Source(kind=SourceKind.GROUP, name="Leadership")
ROTA = Rota(name="payments", feed="https://calendar.example/hunter2.ics")
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//rota//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART:20260101T080000Z
DTEND:20260102T080000Z
RRULE:FREQ=DAILY
SUMMARY:ann@x.org
END:VEVENT
END:VCALENDAR
"""


class World:
    """A group and a calendar; `down` is why neither can be read."""

    def __init__(self) -> None:
        self.people = ["bob@x.org"]
        self.calendar = CALENDAR
        self.down = ""
        self.asked: list[str] = []

    async def read(self, source: Source) -> Membership:
        self._asked(source.name)
        members = tuple(Member(email=one) for one in self.people)
        return Membership(members=members, left_out={"guests": 1})

    async def fetch(self, name: str, feed: str, kept: FeedCopy | None) -> FeedCopy | None:
        self._asked(feed)
        fresh = FeedCopy(origin="o", body=self.calendar.replace("\n", "\r\n").encode())
        return None if kept == fresh else fresh

    def _asked(self, what: str) -> None:
        self.asked.append(what)
        if self.down:
            raise SourceDown(self.down)


async def ours(_now: datetime) -> bool:
    return True


@pytest.fixture
def world() -> World:
    """The outside."""
    return World()


@pytest.fixture
def desk(database: Database, house: House, plan: Plan, clock: HeldClock) -> Desk:
    """A desk under a plan that names a group and a rota for executives."""
    executives = replace(plan.audience("executives"), sources=(GROUP, ROTA.source))
    audiences = {**plan.audiences, "executives": executives}
    named = replace(plan, audiences=audiences, rotas={"payments": ROTA})
    return Desk(store=SqlStore(database), house=replace(house, plan=named), clock=clock)


@pytest.fixture
def refresher(desk: Desk, world: World, clock: HeldClock) -> Refresher:
    """What reads that group and that rota."""
    return Refresher(desk=desk, clock=clock, bell=Bell(), groups=world, calendars=world, turn=ours)


async def told(desk: Desk) -> list[str]:
    people = await desk.read(
        lambda scene: scene.book.recipients.of("executives", limit=0), SITREP, "timer"
    )
    return sorted(one.email for one in people)


async def states(desk: Desk) -> list[SourceState]:
    found = await desk.read(lambda scene: scene.book.sources.states(), SITREP, "timer")
    return [*found.values()]


async def test_what_the_plan_names_is_read_at_once_and_told(
    refresher: Refresher, desk: Desk, world: World, clock: HeldClock
) -> None:
    again = await refresher.look()

    assert await told(desk) == ["ann@x.org", "bob@x.org"]
    assert sorted(world.asked) == ["Leadership", ROTA.feed]
    assert again == clock.now() + LONGEST_REST
    await refresher.look()
    assert len(world.asked) == 2


async def test_what_cannot_be_read_keeps_its_copy_and_says_why(
    refresher: Refresher, desk: Desk, world: World, clock: HeldClock
) -> None:
    await refresher.look()
    world.down = "It is away."
    clock.advance(timedelta(hours=1))
    await refresher.look()

    assert await told(desk) == ["ann@x.org", "bob@x.org"]
    assert [state.why for state in await states(desk)] == ["It is away."] * 2
    world.down = ""
    clock.advance(timedelta(minutes=1))
    await refresher.look()
    assert all(state.is_good for state in await states(desk))


async def test_a_broken_calendar_keeps_its_copy(
    refresher: Refresher, desk: Desk, world: World, clock: HeldClock
) -> None:
    await refresher.look()
    world.calendar = "<html>Please sign in</html>"
    clock.advance(timedelta(hours=1))
    await refresher.look()

    assert "ann@x.org" in await told(desk)
    [rota] = [state for state in await states(desk) if state.key == "rota:payments"]
    assert "no iCalendar" in rota.why


async def test_days_ahead_are_known_though_the_calendar_does_not_change(
    refresher: Refresher, desk: Desk, world: World, clock: HeldClock
) -> None:
    await refresher.look()
    clock.advance(timedelta(days=59))
    await refresher.look()
    world.down = "It is away."
    clock.advance(timedelta(days=59))
    await refresher.look()

    assert "ann@x.org" in await told(desk)


async def test_of_several_processes_one_reads(desk: Desk, world: World, clock: HeldClock) -> None:
    async def theirs(_now: datetime) -> bool:
        return False

    other = Refresher(
        desk=desk, clock=clock, bell=Bell(), groups=world, calendars=world, turn=theirs
    )

    assert await other.look() == clock.now() + LONGEST_REST
    assert world.asked == []


async def test_a_plan_without_sources_has_nothing_read(
    desk: Desk, house: House, world: World, refresher: Refresher
) -> None:
    desk.house = house

    assert await refresher.look() is None
    assert world.asked == []


async def test_people_go_with_the_plan_that_named_them(
    desk: Desk, house: House, refresher: Refresher
) -> None:
    await refresher.look()
    desk.house = house
    await refresher.look()

    assert await told(desk) == []
    assert await states(desk) == []
