"""Regulators' countdowns in an incident: people start them, file, and are reminded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts import countdowns
from comms.bell import Bell
from comms.desk import Desk
from comms.errors import Conflict, Invalid, NotFound
from comms.testing import HeldClock
from comms.timekeeper import Timekeeper
from storage.database import Database
from storage.outbox import SqlEffects
from tests.acting import declared, seen, sent
from tests.house import ADA, BEN, CAS, REPORT

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk whose plan counts down for two laws."""
    desk.house = replace(desk.house, plan=replace(desk.house.plan, regulators=("gdpr", "nis2")))
    return desk


@pytest.fixture
async def key(desk: Desk) -> str:
    return (await declared(desk)).key


async def test_a_clock_counts_from_the_moment_that_a_person_names_and_only_once(
    desk: Desk, clock: HeldClock, key: str
) -> None:
    clock.advance(5 * HOUR)
    aware = clock.now() - 2 * HOUR

    begun = await desk.do(countdowns.start, CAS, "teams", key, "gdpr", at=aware)
    again = await desk.do(countdowns.start, BEN, "teams", key, "gdpr")

    assert again == begun
    assert (begun.started_at, begun.started_by) == (aware, CAS)
    assert begun.due(begun.law.stages[0]) == aware + 72 * HOUR


async def test_nothing_is_ever_sent_to_an_authority(
    desk: Desk, database: Database, clock: HeldClock, key: str
) -> None:
    await desk.do(countdowns.start, CAS, "teams", key, "gdpr")
    clock.advance(100 * HOUR)
    await Timekeeper(desk=desk, clock=clock, bell=Bell()).fire()

    assert await seen(desk, lambda scene: scene.book.updates.of(key)) == ()
    kinds = {effect.kind for effect in await SqlEffects(database).waiting(clock.now(), limit=999)}
    assert {kind.partition(".")[0] for kind in kinds} <= {"room", "page"}


async def test_whoever_files_is_reminded_halfway_an_hour_before_and_when_it_is_due(
    desk: Desk, database: Database, clock: HeldClock, key: str
) -> None:
    await desk.do(countdowns.start, CAS, "teams", key, "nis2")
    heard = []
    for hour in range(1, 26):
        clock.advance(HOUR)
        if "warning" in await reminded(desk, database, clock):
            heard.append(hour)

    assert heard == [12, 23, 24]
    told = await seen(desk, lambda scene: scene.book.timeline.of(key))
    [line] = [entry.text for entry in told if entry.kind == "countdown.overdue"]
    assert line == "NIS2: the early warning is due and not recorded as filed"


async def test_what_was_filed_is_not_reminded_of_and_moves_what_counts_from_it(
    desk: Desk, database: Database, clock: HeldClock, key: str
) -> None:
    begun = await desk.do(countdowns.start, CAS, "teams", key, "nis2")
    clock.advance(2 * HOUR)
    await desk.do(countdowns.file, CAS, "teams", key, "nis2", "warning", reference="EW-7")
    again = await desk.do(countdowns.file, BEN, "teams", key, "nis2", "warning")
    filed = await desk.do(countdowns.file, CAS, "teams", key, "nis2", "notification")

    assert (again.filed["warning"].by, again.filed["warning"].reference) == (CAS, "EW-7")
    assert [stage.name for stage in filed.left] == ["final"]
    assert filed.due(filed.left[0]) < begun.due(filed.left[0])
    clock.advance(30 * HOUR)
    assert await reminded(desk, database, clock) == []


async def test_a_clock_that_does_not_apply_is_stopped_with_a_reason_and_can_go_on(
    desk: Desk, database: Database, clock: HeldClock, key: str
) -> None:
    begun = await desk.do(countdowns.start, CAS, "teams", key, "gdpr")
    with pytest.raises(Invalid, match="Say why"):
        await desk.do(countdowns.stop, ADA, "teams", key, "gdpr", reason=" ")

    stopped = await desk.do(countdowns.stop, ADA, "teams", key, "gdpr", reason="No personal data.")
    clock.advance(40 * HOUR)
    assert stopped.left == ()
    assert await reminded(desk, database, clock) == []

    again = await desk.do(countdowns.start, CAS, "teams", key, "gdpr")
    assert (again.started_at, again.stopped) == (begun.started_at, "")


async def test_the_form_is_filled_from_the_last_report_that_was_sent(desk: Desk, key: str) -> None:
    await desk.do(countdowns.start, CAS, "teams", key, "gdpr")
    before = {f.label: f.answer for f in await seen(desk, countdowns.form, key, "gdpr")}
    await sent(desk, key)

    after = {f.label: f.answer for f in await seen(desk, countdowns.form, key, "gdpr")}

    assert before["Nature of the breach"] == ""
    assert after["Nature of the breach"] == REPORT.conditions
    assert after["Measures taken or proposed"] != ""
    assert after["Data protection officer or other contact"] == ""


async def test_what_cannot_be_started_says_why(desk: Desk, clock: HeldClock, key: str) -> None:
    with pytest.raises(Conflict, match=r"no DORA\. It has: gdpr, nis2"):
        await desk.do(countdowns.start, CAS, "teams", key, "dora")
    with pytest.raises(Invalid, match="what has happened"):
        await desk.do(countdowns.start, CAS, "teams", key, "gdpr", at=clock.now() + HOUR)
    naive = clock.now().replace(tzinfo=None)
    with pytest.raises(Invalid, match="with its zone"):
        await desk.do(countdowns.start, CAS, "teams", key, "gdpr", at=naive)
    with pytest.raises(NotFound, match="has no NIS2 clock"):
        await desk.do(countdowns.stop, CAS, "teams", key, "nis2", reason="None.")


async def reminded(desk: Desk, database: Database, clock: HeldClock) -> list[str]:
    """Fire what is due; the stages that the war room is reminded of by it."""
    before = {e.id for e in await SqlEffects(database).waiting(clock.now(), limit=999)}
    await Timekeeper(desk=desk, clock=clock, bell=Bell()).fire()
    waiting = await SqlEffects(database).waiting(clock.now(), limit=999)
    new = [e for e in waiting if e.kind == "room.deadline" and e.id not in before]
    return [str(effect.payload["stage"]) for effect in new]
