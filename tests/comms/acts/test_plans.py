"""A plan that is taken up: open incidents go on under it, approved text stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.draft import open_draft, preview
from comms.acts.incident import change_status
from comms.acts.plans import adopt
from comms.desk import Desk, Scene
from comms.errors import StaleDraft
from comms.incident import Incident, Status
from comms.people import SITREP
from comms.plan.model import Plan
from comms.promise import Promise
from comms.testing import HeldClock
from comms.update import Update, UpdateState
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA


async def taken_up(desk: Desk, plan: Plan, *, digest: str, version: str = "") -> int:
    """Take up this plan, as the app does; return how many incidents go on under it."""
    used = replace(plan, digest=digest, version=version)
    desk.house = replace(desk.house, plan=used, loaded_at=desk.clock.now())
    return await desk.do(adopt, SITREP, "timer")


def without(plan: Plan, names: Iterable[str]) -> Plan:
    return replace(plan, audiences={n: a for n, a in plan.audiences.items() if n not in names})


async def incident(desk: Desk, key: str) -> Incident:
    return await seen(desk, lambda scene: scene.book.incidents.get(key))


async def draft_of(desk: Desk, key: str) -> Update | None:
    return await seen(desk, open_draft, key)


async def owed(desk: Desk, key: str) -> list[str]:
    def look(scene: Scene) -> list[Promise]:
        return [promise for promise in scene.book.promises.of(key) if promise.is_owed]

    return [promise.audience for promise in await seen(desk, look)]


async def test_an_incident_records_the_plan_that_it_is_declared_under(
    desk: Desk, plan: Plan, clock: HeldClock
) -> None:
    await taken_up(desk, plan, digest="0123456789ab", version="2026-11")
    loaded = clock.now()
    clock.advance(timedelta(hours=1))

    found = await incident(desk, (await declared(desk)).key)

    (version,) = found.plans
    assert (version.digest, version.name) == ("0123456789ab", "2026-11")
    assert (version.loaded_at, version.since) == (loaded, clock.now())
    assert version.label == "version 2026-11 (0123456789ab)"


async def test_an_open_incident_goes_on_under_another_plan_and_says_so(
    desk: Desk, plan: Plan
) -> None:
    key = (await declared(desk)).key

    assert await taken_up(desk, plan, digest="other") == 1

    assert [version.digest for version in (await incident(desk, key)).plans] == [
        plan.digest,
        "other",
    ]
    told = await seen(desk, lambda scene: scene.book.timeline.of(key)[-1])
    assert told.text == "The communication plan is now other"


async def test_the_same_plan_once_more_changes_nothing(desk: Desk, plan: Plan) -> None:
    key = (await declared(desk)).key

    assert await taken_up(desk, plan, digest=plan.digest) == 0
    assert len((await incident(desk, key)).plans) == 1


async def test_of_two_replicas_that_take_a_plan_up_one_tells_the_incident(
    desk: Desk, plan: Plan
) -> None:
    key = (await declared(desk)).key

    def tells_first(scene: Scene) -> bool:
        return scene.book.sightings.first(f"plan:{key}:1:other", now=scene.now)

    assert await desk.do(tells_first, SITREP, "timer")
    assert await taken_up(desk, plan, digest="other") == 0


async def test_an_incident_that_is_over_keeps_its_plan(desk: Desk, plan: Plan) -> None:
    key = (await declared(desk)).key
    await desk.do(change_status, ADA, "api", key, Status.RESOLVED)

    assert await taken_up(desk, plan, digest="other") == 0
    assert [version.digest for version in (await incident(desk, key)).plans] == [plan.digest]


async def test_a_draft_is_written_anew_and_the_old_one_cannot_be_approved(
    desk: Desk, plan: Plan
) -> None:
    key = (await declared(desk)).key
    before = await drafted(desk, key)

    await taken_up(desk, without(plan, ["stakeholders"]), digest="other")

    after = await draft_of(desk, key)
    assert after is not None
    assert after.audiences == ("responders", "executives", "customers")
    assert after.state is UpdateState.DRAFT
    with pytest.raises(StaleDraft):
        await approved(desk, before)


async def test_a_draft_for_nobody_is_discarded(desk: Desk, plan: Plan) -> None:
    key = (await declared(desk)).key
    await drafted(desk, key, audiences=["executives"])

    await taken_up(desk, without(plan, ["executives"]), digest="other")

    assert await draft_of(desk, key) is None


async def test_nobody_is_owed_anything_whom_the_plan_tells_no_more(desk: Desk, plan: Plan) -> None:
    key = (await declared(desk)).key

    await taken_up(desk, without(plan, ["executives"]), digest="other")

    assert await owed(desk, key) == ["responders", "stakeholders", "customers"]


async def test_what_was_approved_keeps_its_text(desk: Desk, plan: Plan) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)

    def statements(scene: Scene) -> object:
        return scene.book.updates.statements(scene.book.updates.get(key, 1))

    before = await seen(desk, statements)
    await taken_up(
        desk, replace(without(plan, ["executives"]), organisation="Fabrikam"), digest="other"
    )

    assert await seen(desk, statements) == before
    assert (await seen(desk, preview, key, 1)).update.audiences[1] == "executives"
