"""Whoever relies on a source hears what is wrong with it, and nothing while all is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.source_warnings import PATIENCE, source_warnings
from comms.acts.sources import fail, take_group, take_rota
from comms.desk import Desk, House
from comms.people import SITREP
from comms.plan.model import Plan
from comms.rule import Level
from comms.source import FeedCopy, Member, Rota, Shift, Source, SourceKind
from comms.testing import HeldClock
from storage.book import SqlStore
from storage.database import Database
from tests.acting import declared, drafted

GROUP = Source(kind=SourceKind.GROUP, name="Leadership")
ROTA = Rota(name="payments")
HOUR = timedelta(hours=1)
PEOPLE = [Member(email=f"p{number}@x.org") for number in range(20)]


@pytest.fixture
def plan(plan: Plan) -> Plan:
    """The shipped plan with a group for executives and a rota for stakeholders."""
    executives = replace(plan.audience("executives"), sources=(GROUP,))
    stakeholders = replace(plan.audience("stakeholders"), sources=(ROTA.source,))
    audiences = {**plan.audiences, "executives": executives, "stakeholders": stakeholders}
    return replace(plan, audiences=audiences, rotas={"payments": ROTA})


@pytest.fixture
async def desk(database: Database, house: House, plan: Plan, clock: HeldClock) -> Desk:
    """A desk under that plan, whose sources were read a moment ago."""
    desk = Desk(store=SqlStore(database), house=replace(house, plan=plan), clock=clock)
    now = clock.now()
    shifts = [Shift(starts=now, ends=now + 3 * HOUR, member=PEOPLE[0])]
    await desk.do(take_group, SITREP, "timer", GROUP, PEOPLE, left_out={})
    feed = FeedCopy(origin="o", body=b"")
    await desk.do(take_rota, SITREP, "timer", ROTA.source, shifts, feed)
    return desk


async def warned(desk: Desk) -> tuple[str, ...]:
    return await desk.read(source_warnings, SITREP, "timer")


async def test_while_all_is_well_nothing_is_said(desk: Desk) -> None:
    assert await warned(desk) == ()


async def test_a_source_that_was_never_read_is_named_with_why(
    database: Database, house: House, plan: Plan, clock: HeldClock
) -> None:
    desk = Desk(store=SqlStore(database), house=replace(house, plan=plan), clock=clock)
    await desk.do(fail, SITREP, "timer", GROUP, "Graph answers 503.")

    rota, group = sorted(await warned(desk), reverse=True)
    assert rota == "The rota payments has not been read yet, so nobody of it is told."
    assert group.endswith("so nobody of it is told. Graph answers 503.")


async def test_a_source_that_is_down_says_since_when_and_who_is_told(
    desk: Desk, clock: HeldClock
) -> None:
    await desk.do(fail, SITREP, "timer", GROUP, "Graph answers 503.")
    assert await warned(desk) == ()

    clock.advance(PATIENCE + timedelta(minutes=1))
    assert await warned(desk) == (
        "The group Leadership cannot be read since 09:30 UTC: Graph answers 503."
        " The people (20) of 09:30 UTC are used.",
    )


async def test_a_source_that_is_not_believed_says_how_it_can_be(desk: Desk) -> None:
    await desk.do(take_group, SITREP, "timer", GROUP, PEOPLE[:2], left_out={})

    [words] = await warned(desk)
    assert "came back with 2 of 20 people: its copy of 09:30 UTC is used until " in words
    assert "sitrep sources accept 'group:Leadership'" in words


async def test_a_gap_in_a_rota_is_said(desk: Desk, clock: HeldClock) -> None:
    clock.advance(3 * HOUR)

    assert await warned(desk) == ("Nobody is on call in the rota payments now.",)


async def test_a_rota_that_is_down_says_too_that_nobody_is_on_call(
    desk: Desk, clock: HeldClock
) -> None:
    clock.advance(3 * HOUR)
    await desk.do(fail, SITREP, "timer", ROTA.source, "calendar.example answers 503.")

    assert await warned(desk) == (
        "The rota payments cannot be read since 12:30 UTC: calendar.example answers 503."
        " The shifts of 09:30 UTC are used. Nobody is on call in the rota payments now.",
    )


async def test_a_calendar_without_shifts_is_said_not_to_be_believed(desk: Desk) -> None:
    await desk.do(take_rota, SITREP, "timer", ROTA.source, [], None)

    [words] = await warned(desk)
    assert "came back without any shift to come: its copy of 09:30 UTC" in words


async def test_the_preview_warns_of_the_audience_that_it_concerns(
    desk: Desk, clock: HeldClock
) -> None:
    clock.advance(3 * HOUR)
    incident = await declared(desk)
    preview = await drafted(desk, incident.key)

    [finding] = [one for one in preview.findings if one.code == "source"]
    assert (finding.audience, finding.level) == ("stakeholders", Level.WARN)
    assert "on call in the rota payments" in finding.message
