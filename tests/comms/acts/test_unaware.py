"""A material change asks for an update now, to those who read otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comms.acts.incident import change_severity, change_status
from comms.acts.unaware import unaware
from comms.desk import Desk, Scene
from comms.incident import Severity, Status
from comms.report import CustomerText
from comms.testing import HeldClock
from storage.database import Database
from storage.outbox import SqlEffects
from tests.acting import declared, seen, sent
from tests.house import ADA, REPORT

INTERNAL = replace(REPORT, customer=None)


async def behind(desk: Desk, key: str) -> list[str]:
    """The audiences who do not know, in the plan's order."""

    def look(scene: Scene) -> list[str]:
        return list(unaware(scene, scene.book.incidents.get(key)))

    return await seen(desk, look)


@pytest.fixture
async def key(desk: Desk) -> str:
    """A SEV2 of which all have read."""
    incident = await declared(desk, severity=Severity.SEV2)
    await sent(desk, incident.key)
    return incident.key


async def test_all_who_have_read_should_hear_of_another_severity(desk: Desk, key: str) -> None:
    assert await behind(desk, key) == []

    await desk.do(change_severity, ADA, "teams", key, Severity.SEV1)

    assert await behind(desk, key) == ["responders", "executives", "stakeholders", "customers"]


async def test_whoever_is_told_knows_and_the_others_do_not_yet(desk: Desk, key: str) -> None:
    await desk.do(change_severity, ADA, "teams", key, Severity.SEV1)

    await sent(desk, key, audiences=["responders", "stakeholders"])

    assert await behind(desk, key) == ["executives", "customers"]


async def test_a_status_that_some_have_read_is_news_to_the_others(desk: Desk, key: str) -> None:
    await sent(desk, key, audiences=["responders"], status=Status.IDENTIFIED)

    assert await behind(desk, key) == ["executives", "stakeholders", "customers"]


async def test_what_customers_notice_is_impact_and_other_words_are_not(
    desk: Desk, key: str
) -> None:
    same = replace(REPORT, conditions="The second node is slow, too.")
    await sent(desk, key, same, audiences=["responders"])
    assert await behind(desk, key) == []

    worse = replace(REPORT, customer=CustomerText(symptom="No payment works."))
    await sent(desk, key, worse, audiences=["responders", "customers"])

    assert await behind(desk, key) == ["executives", "stakeholders"]


async def test_nobody_who_never_heard_of_it_is_asked_for(desk: Desk) -> None:
    incident = await declared(desk, severity=Severity.SEV2)
    await sent(desk, incident.key, INTERNAL, audiences=["responders"])

    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV1)

    assert await behind(desk, incident.key) == ["responders"]


async def test_the_war_room_is_asked_once_per_change(
    desk: Desk, key: str, database: Database, clock: HeldClock
) -> None:
    await desk.do(change_severity, ADA, "teams", key, Severity.SEV1)
    await sent(desk, key, audiences=["responders"])  # tells nothing that was not asked for
    await desk.do(change_status, ADA, "teams", key, Status.MONITORING)
    await sent(desk, key, audiences=["responders", "executives", "stakeholders", "customers"])

    waiting = await SqlEffects(database).waiting(clock.now(), limit=1_000)
    kinds = [e.kind for e in waiting if e.kind in {"room.changed", "room.current"}]
    assert kinds.count("room.changed") == 2
    assert kinds[-1] == "room.current"
