"""Who holds a role in an incident is told as an audience of it, and in that incident alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.people import import_recipients
from comms.acts.sources import take_rota
from comms.delivery import DeliveryState, Reason
from comms.desk import Desk, House, Scene
from comms.estimate import estimates
from comms.ledger import Filter
from comms.people import SITREP, Role
from comms.plan.model import ChannelName, Plan
from comms.recipient import Recipient
from comms.source import FeedCopy, Member, Rota, Shift, Source, SourceKind
from comms.testing import HeldClock
from storage.book import SqlStore
from storage.database import Database
from tests.acting import approved, declared, drafted
from tests.house import ADA, BEN, CAS

ROTA = Rota(name="payments")


def role(name: Role) -> Source:
    return Source(kind=SourceKind.ROLE, name=name.value)


@pytest.fixture
def plan(plan: Plan) -> Plan:
    """The shipped plan: who commands is an executive, who communicates a stakeholder too."""
    sources = {
        "executives": (role(Role.INCIDENT_COMMANDER), role(Role.SCRIBE), ROTA.source),
        "stakeholders": (role(Role.COMMS_LEAD), role(Role.INCIDENT_COMMANDER)),
    }
    audiences = {
        name: replace(audience, sources=sources.get(name, ()))
        for name, audience in plan.audiences.items()
    }
    return replace(plan, audiences=audiences, rotas={"payments": ROTA})


@pytest.fixture
def desk(database: Database, house: House, plan: Plan, clock: HeldClock) -> Desk:
    """A desk under that plan."""
    return Desk(store=SqlStore(database), house=replace(house, plan=plan), clock=clock)


async def list_people(desk: Desk, audience: str, *emails: str) -> None:
    people = [Recipient(email=email) for email in emails]
    await desk.do(import_recipients, CAS, "api", audience, people=people, refused=[])


async def told(desk: Desk, key: str) -> Mapping[tuple[str, str], Reason | DeliveryState]:
    """What becomes of each mail, by audience and address."""

    def look(scene: Scene) -> Mapping[tuple[str, str], Reason | DeliveryState]:
        rows = scene.book.fanouts.rows(key, Filter(limit=100))
        return {
            (row.audience, row.address): row.reason or row.state
            for row in rows
            if row.channel is ChannelName.MAIL and row.audience != "customers"
        }

    return await desk.read(look, CAS, "api")


async def test_whoever_holds_a_role_is_told_and_in_two_audiences_once(desk: Desk) -> None:
    incident = await declared(desk)
    await list_people(desk, "executives", "eve@x.org")
    await approved(desk, await drafted(desk, incident.key))

    found = await told(desk, incident.key)
    # In two audiences they are told as executives, who may see more.
    assert found == {
        ("executives", "eve@x.org"): DeliveryState.PLANNED,
        ("executives", ADA.email): DeliveryState.PLANNED,
        ("stakeholders", BEN.email): DeliveryState.PLANNED,
        ("stakeholders", ADA.email): Reason.DUPLICATE,
    }


async def test_the_roles_of_another_incident_are_not_told_of_this_one(desk: Desk) -> None:
    await declared(desk, roles={Role.SCRIBE: CAS})
    incident = await declared(desk)
    await approved(desk, await drafted(desk, incident.key))

    assert CAS.email not in {address for _, address in await told(desk, incident.key)}


async def test_a_holder_who_is_listed_gets_one_row(desk: Desk) -> None:
    incident = await declared(desk)
    await list_people(desk, "executives", ADA.email.upper())
    await approved(desk, await drafted(desk, incident.key))

    found = await told(desk, incident.key)
    addresses = [address.casefold() for name, address in found if name == "executives"]
    assert addresses == [ADA.email]


async def test_the_estimate_counts_who_holds_a_role(desk: Desk) -> None:
    incident = await declared(desk)
    await list_people(desk, "executives", "eve@x.org", ADA.email)
    update = (await drafted(desk, incident.key)).update

    def look(scene: Scene) -> list[int]:
        audiences = [scene.plan.audience(name) for name in ("executives", "stakeholders")]
        found = estimates(scene, update, audiences)
        return [found[audience.name].recipients for audience in audiences]

    assert await desk.read(look, CAS, "api") == [2, 2]


async def test_at_the_approval_whoever_is_on_call_then_is_told(
    desk: Desk, clock: HeldClock
) -> None:
    now, soon = clock.now(), timedelta(minutes=10)
    shifts = [
        Shift(starts=now, ends=now + soon, member=Member(email="before@x.org")),
        Shift(starts=now + soon, ends=now + 2 * soon, member=Member(email="then@x.org")),
    ]
    feed = FeedCopy(origin="o", body=b"")
    await desk.do(take_rota, SITREP, "timer", ROTA.source, shifts, feed)
    incident = await declared(desk)
    preview = await drafted(desk, incident.key)
    clock.advance(soon)
    await approved(desk, preview)

    found = await told(desk, incident.key)
    assert found["executives", "then@x.org"] is DeliveryState.PLANNED
    assert ("executives", "before@x.org") not in found
