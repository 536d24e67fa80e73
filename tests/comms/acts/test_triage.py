"""What an incident hits, and of which type it is: what follows for promises, approvals, people."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from comms.acts.declare import declare
from comms.acts.incident import change_status
from comms.acts.triage import change_services, change_type
from comms.desk import Desk, House, Scene
from comms.errors import Conflict, Invalid
from comms.incident import Incident, IncidentType, Severity, Status
from comms.people import Role
from comms.plan.load import read, shipped
from comms.testing import HeldClock
from comms.timeline import Entry
from tests.acting import declared, drafted, seen
from tests.house import ADA, CAS

MINUTE = timedelta(minutes=1)

SERVICES = """
services:
  payments:
    label: Card payments
    owner: Payments
    bring_in: [{name: Ines Carvalho, email: ines@example.org}]
    dependants: [orders]
    audiences:
      customers:
        approval: [comms_lead, legal]
        cadence: {SEV1: {first: 5m, every: 20m}}
  orders: {label: Orders}
"""


@pytest.fixture
def house(house: House) -> House:
    """The shipped plan with two services."""
    plan, problems = read(shipped() + SERVICES, "plan.yaml")
    assert plan is not None, problems
    return replace(house, plan=plan)


async def test_the_timeline_says_whose_a_service_is_and_whom_to_bring_in(desk: Desk) -> None:
    incident = await declare_with(desk, "payments", "Gift cards")

    assert incident.services == ("Card payments", "Gift cards")
    (entry,) = await told(desk, "incident.owners")
    assert entry.text == (
        "Card payments: owned by Payments. Bring in Ines Carvalho. May suffer with it: Orders."
    )


async def test_a_service_named_twice_is_one(desk: Desk) -> None:
    assert (await declare_with(desk, "payments", "Card Payments")).services == ("Card payments",)


async def test_declaring_promises_what_the_service_asks_for(desk: Desk, clock: HeldClock) -> None:
    await declare_with(desk, "payments")

    assert await due(desk, "customers") == clock.now() + 5 * MINUTE
    assert await due(desk, "executives") == clock.now() + 15 * MINUTE


async def test_an_update_needs_the_approvals_of_the_service_and_prints_its_promise(
    desk: Desk, clock: HeldClock
) -> None:
    await declare_with(desk, "payments")

    preview = await drafted(desk, "INC-1")
    assert Role.LEGAL in preview.needed
    assert preview.update.promises["customers"] == clock.now() + 20 * MINUTE


async def test_a_service_that_is_named_later_brings_promises_forward_and_voids_approvals(
    desk: Desk, clock: HeldClock
) -> None:
    await declared(desk)
    before = await drafted(desk, "INC-1")
    assert Role.LEGAL not in before.needed

    await desk.do(change_services, ADA, "teams", "INC-1", ["payments"])
    await desk.do(change_services, ADA, "teams", "INC-1", ["payments"])

    assert await due(desk, "customers") == clock.now() + 5 * MINUTE
    after = await drafted(desk, "INC-1")
    assert Role.LEGAL in after.needed
    assert after.update.promises["customers"] == clock.now() + 20 * MINUTE
    assert len(await told(desk, "incident.services")) == 1


async def test_too_many_services_are_refused_and_nothing_is_declared(desk: Desk) -> None:
    with pytest.raises(Invalid, match="At most 20 services"):
        await declare_with(desk, *(f"s{n}" for n in range(21)))
    assert await seen(desk, lambda scene: scene.book.incidents.find()) == ()


async def test_the_type_can_be_changed_until_the_incident_is_over(desk: Desk) -> None:
    await declared(desk)

    after = await desk.do(change_type, ADA, "teams", "INC-1", IncidentType.SECURITY)
    assert after.type is IncidentType.SECURITY
    assert (await seen(desk, lambda scene: scene.book.incidents.get("INC-1"))).type is after.type
    for status in (Status.RESOLVED, Status.REVIEWED):
        await desk.do(change_status, ADA, "teams", "INC-1", status)
    with pytest.raises(Conflict, match="nothing about it changes"):
        await desk.do(change_type, ADA, "teams", "INC-1", IncidentType.SERVICE)


async def declare_with(desk: Desk, *services: str) -> Incident:
    return await desk.do(
        declare,
        CAS,
        "teams",
        title="Card payments failing",
        severity=Severity.SEV1,
        nonce="f-1",
        services=services,
    )


async def told(desk: Desk, kind: str) -> list[Entry]:
    entries = await seen(desk, lambda scene: scene.book.timeline.of("INC-1"))
    return [entry for entry in entries if entry.kind == kind]


async def due(desk: Desk, audience: str) -> datetime:
    def look(scene: Scene) -> datetime:
        owed = [p for p in scene.book.promises.of("INC-1") if p.audience == audience and p.is_owed]
        return min(promise.due_at for promise in owed)

    return await seen(desk, look)
