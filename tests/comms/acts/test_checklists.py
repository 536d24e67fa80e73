"""Checklists: shown to whoever takes a role, ticked off once, kept in the timeline."""

from __future__ import annotations

import pytest

from comms.acts.checklists import checklist, checklists, tick, untick
from comms.acts.incident import assign, change_status
from comms.acts.triage import change_type
from comms.desk import Desk
from comms.errors import Conflict, NotFound
from comms.incident import IncidentType, Status
from comms.people import Role
from comms.plan.conduct import CRITERIA
from comms.plan.load import check, read, shipped
from comms.plan.model import Plan
from comms.testing import HeldClock
from storage.database import Database
from storage.outbox import SqlEffects
from tests.acting import declared, seen
from tests.house import ADA, BEN, CAS

IC = Role.INCIDENT_COMMANDER


async def test_who_takes_a_role_is_shown_its_checklist_once(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    await declared(desk, roles={IC: ADA})
    await desk.do(assign, ADA, "teams", "INC-1", role=IC, person=ADA)

    assert await shown(database, clock) == [("incident_commander", 1)]
    await desk.do(assign, BEN, "teams", "INC-1", role=IC, person=BEN)
    assert await shown(database, clock) == [("incident_commander", 1)] * 2


async def test_an_item_is_ticked_once_however_often_it_is_pressed(
    desk: Desk, clock: HeldClock
) -> None:
    await declared(desk)
    first = (await seen(desk, checklist, "INC-1", IC)).lines[0].item

    for person in (ADA, BEN, ADA):
        await desk.do(tick, person, "teams", "INC-1", IC, first.id)

    found = await seen(desk, checklist, "INC-1", IC)
    assert found.done == 1
    made = found.lines[0].tick
    assert made is not None
    assert (made.by, made.at) == (ADA, clock.now())
    assert await told(desk) == [
        f"Ada Lovelace ticked on the incident commander's checklist: {first.text}"
    ]


async def test_a_tick_can_be_taken_back_and_both_are_in_the_timeline(desk: Desk) -> None:
    await declared(desk)
    item = (await seen(desk, checklist, "INC-1", IC)).lines[1].item.id

    await desk.do(tick, ADA, "teams", "INC-1", IC, item)
    for _ in range(2):
        after = await desk.do(untick, BEN, "teams", "INC-1", IC, item)

    assert after.done == 0
    assert [entry.split(" on ")[0] for entry in await told(desk)] == [
        "Ada Lovelace ticked",
        "Ben Okafor unticked",
    ]


async def test_a_type_puts_its_own_items_first_and_ticks_stay(desk: Desk, plan: Plan) -> None:
    await declared(desk)
    before = (await seen(desk, checklist, "INC-1", IC)).lines
    await desk.do(tick, ADA, "teams", "INC-1", IC, before[0].item.id)

    await desk.do(change_type, ADA, "teams", "INC-1", IncidentType.SECURITY)

    after = await seen(desk, checklist, "INC-1", IC)
    own = plan.conduct.types[IncidentType.SECURITY].checklists[IC]
    assert [line.item for line in after.lines] == [*own, *(line.item for line in before)]
    assert after.done == 1


async def test_an_item_of_another_list_is_not_ticked(desk: Desk) -> None:
    await declared(desk)
    item = (await seen(desk, checklist, "INC-1", Role.SCRIBE)).lines[0].item.id

    with pytest.raises(NotFound, match="incident commander has no such item"):
        await desk.do(tick, ADA, "teams", "INC-1", IC, item)


async def test_what_is_over_is_ticked_no_more(desk: Desk) -> None:
    await declared(desk)
    item = (await seen(desk, checklist, "INC-1", IC)).lines[0].item.id
    for status in (Status.RESOLVED, Status.REVIEWED):
        await desk.do(change_status, CAS, "teams", "INC-1", status)

    with pytest.raises(Conflict, match="nothing about it changes"):
        await desk.do(tick, ADA, "teams", "INC-1", IC, item)


async def test_each_takeable_role_has_a_checklist_in_the_shipped_plan(desk: Desk) -> None:
    await declared(desk)

    found = await seen(desk, checklists, "INC-1")
    assert [one.role for one in found] == [IC, Role.COMMS_LEAD, Role.SCRIBE]


def test_the_shipped_plan_says_of_severities_what_holds_without_it(plan: Plan) -> None:
    assert plan.conduct.severities == CRITERIA


def test_a_plan_may_say_a_part_of_a_severity_and_nothing_of_types() -> None:
    text = shipped()
    start, end = text.index("# What people choose by"), text.index("audiences:\n")
    own = "severities: {SEV1: {criteria: patients cannot be treated}}\n"
    plan, problems = read(f"{text[:start]}{own}{text[end:]}", "plan.yaml")

    assert plan is not None, problems
    assert [one.short for one in plan.conduct.severities.values()][:2] == [
        "patients cannot be treated",
        "an important part fails",
    ]
    assert [nature.label for nature in plan.conduct.types.values()] == [
        "Service",
        "Security",
        "Business continuity",
    ]
    assert plan.conduct.house_rules == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  scribe:\n", "  legal:\n", "unknown name. Known: incident_commander, comms_lead"),
        ("  business_continuity:\n", "  continuity:\n", "unknown name. Did you mean"),
        ("criteria: nobody outside notices", f"criteria: {'x' * 61}", "at most 60 characters"),
        (
            "    - Bring in whoever owns what is hit\n",
            "    - Stop the harm first; the cause can wait\n",
            "stands here more than once",
        ),
    ],
)
def test_what_is_wrong_with_a_list_is_named(old: str, new: str, expected: str) -> None:
    assert old in shipped()
    (problem,) = check(shipped().replace(old, new, 1), "plan.yaml")

    assert expected in problem.message
    assert problem.line > 1


async def shown(database: Database, clock: HeldClock) -> list[tuple[str, int]]:
    waiting = await SqlEffects(database).waiting(clock.now(), limit=1000)
    return [
        (str(effect.payload["role"]), int(effect.payload["anew"]))
        for effect in waiting
        if effect.kind == "room.checklist"
    ]


async def told(desk: Desk) -> list[str]:
    entries = await seen(desk, lambda scene: scene.book.timeline.of("INC-1"))
    return [entry.text for entry in entries if entry.kind.startswith("checklist.")]
