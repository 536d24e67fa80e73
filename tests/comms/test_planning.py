"""Planning: every person of an audience gets a row, page by page, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from comms.bell import Bell
from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.desk import Desk, Scene
from comms.incident import Incident
from comms.ledger import Filter
from comms.people import SITREP
from comms.plan.model import ChannelName, Plan
from comms.planner import Planner
from comms.planning import AT_ONCE, PAGE, go_on, is_planning
from comms.projection import FIELDS
from comms.recipient import Recipient
from comms.suppression import suppressed
from comms.testing import HeldClock
from storage.database import Database
from storage.ledger import SqlLedger
from tests.acting import declared, seen, sent

AT_APPROVAL = PAGE * AT_ONCE
PLANNED, SUPPRESSED = DeliveryState.PLANNED, DeliveryState.SUPPRESSED


@pytest.fixture
async def incident(desk: Desk) -> Incident:
    return await declared(desk)


async def test_a_small_audience_is_planned_when_the_approval_returns(
    desk: Desk, incident: Incident
) -> None:
    await invited(desk, "stakeholders", people(3))

    await sent(desk, incident.key, audiences=["stakeholders"])

    assert not await seen(desk, is_planning)
    assert await addresses(desk, incident) == [person.email for person in people(3)]


async def test_an_audience_of_whole_pages_is_ready_all_the_same(
    desk: Desk, database: Database, incident: Incident, clock: HeldClock
) -> None:
    await invited(desk, "stakeholders", people(AT_APPROVAL))
    await sent(desk, incident.key, audiences=["stakeholders"])

    while await desk.do(go_on, SITREP, "timer"):
        pass

    assert await counted(desk, incident) == {PLANNED: AT_APPROVAL}
    assert await due(database, clock)


async def test_a_large_audience_is_written_page_after_page_and_sent_when_all_is_written(
    desk: Desk, database: Database, incident: Incident, clock: HeldClock
) -> None:
    everybody = people(AT_APPROVAL + PAGE + 1)
    await invited(desk, "stakeholders", everybody)
    await sent(desk, incident.key, audiences=["stakeholders"])

    assert await counted(desk, incident) == {PLANNED: AT_APPROVAL}
    assert not await due(database, clock)
    assert await desk.do(go_on, SITREP, "timer")
    assert await counted(desk, incident) == {PLANNED: AT_APPROVAL + PAGE}
    assert not await due(database, clock)
    assert await desk.do(go_on, SITREP, "timer")

    assert await counted(desk, incident) == {PLANNED: len(everybody)}
    assert await due(database, clock)
    assert not await desk.do(go_on, SITREP, "timer")


async def test_planning_goes_on_after_a_crash_without_a_gap_or_a_repetition(
    desk: Desk, incident: Incident
) -> None:
    everybody = people(AT_APPROVAL + 2 * PAGE)
    await invited(desk, "stakeholders", everybody)
    await sent(desk, incident.key, audiences=["stakeholders"])
    with pytest.raises(SystemError, match="the power is gone"):
        await desk.do(crashing(go_on), SITREP, "timer")

    while await desk.do(go_on, SITREP, "timer"):
        pass

    assert await addresses(desk, incident) == [person.email for person in everybody]


async def test_the_planner_writes_all_there_is(
    desk: Desk, incident: Incident, clock: HeldClock, bell: Bell
) -> None:
    await invited(desk, "stakeholders", people(AT_APPROVAL + PAGE + 1))
    await sent(desk, incident.key, audiences=["stakeholders"])
    planner = Planner(desk=desk, clock=clock, bell=bell)

    assert [await planner.plan() for _ in range(3)] == [True, True, False]

    assert await counted(desk, incident) == {PLANNED: AT_APPROVAL + PAGE + 1}


async def test_who_is_in_two_audiences_that_see_as_much_is_told_in_the_first(
    desk: Desk, incident: Incident
) -> None:
    await invited(desk, "executives", [Recipient(email="Both@x.org")])
    await invited(
        desk, "stakeholders", [Recipient(email="both@X.org"), Recipient(email="only@x.org")]
    )

    await sent(desk, incident.key, audiences=["executives", "stakeholders"])

    assert await states(desk, incident) == [
        ("executives", "Both@x.org", PLANNED, None),
        ("stakeholders", "both@X.org", SUPPRESSED, Reason.DUPLICATE),
        ("stakeholders", "only@x.org", PLANNED, None),
    ]


async def test_who_is_in_two_audiences_is_told_in_the_more_detailed_whichever_is_first(
    desk: Desk, incident: Incident
) -> None:
    desk.house = replace(desk.house, plan=seeing(desk.house.plan, executives=1, stakeholders=9))
    await invited(desk, "executives", [Recipient(email="both@x.org"), Recipient(email="e@x.org")])
    await invited(desk, "stakeholders", [Recipient(email="both@x.org")])

    await sent(desk, incident.key, audiences=["executives", "stakeholders"])

    assert await states(desk, incident) == [
        ("executives", "both@x.org", SUPPRESSED, Reason.DUPLICATE),
        ("executives", "e@x.org", PLANNED, None),
        ("stakeholders", "both@x.org", PLANNED, None),
    ]


async def test_who_gets_nothing_in_the_more_detailed_audience_is_told_in_the_other(
    desk: Desk, incident: Incident
) -> None:
    desk.house = replace(desk.house, plan=seeing(desk.house.plan, executives=1, stakeholders=9))
    await invited(desk, "executives", [Recipient(email="both@x.org")])
    await invited(desk, "stakeholders", [Recipient(email="both@x.org", channels=("teams",))])

    await sent(desk, incident.key, audiences=["executives", "stakeholders"])

    assert await states(desk, incident) == [
        ("executives", "both@x.org", PLANNED, None),
        ("stakeholders", "both@x.org", SUPPRESSED, Reason.UNSUBSCRIBED),
    ]


def test_of_audiences_that_see_as_much_the_first_of_the_plan_is_the_more_detailed(
    plan: Plan,
) -> None:
    level = seeing(plan, executives=3, stakeholders=3, customers=2)

    assert level.more_detailed("stakeholders", ["customers", "executives"]) == ("executives",)
    assert level.more_detailed("executives", ["customers", "stakeholders"]) == ()
    assert level.more_detailed("customers", ["executives", "stakeholders", "gone"]) == (
        "executives",
        "stakeholders",
    )


async def test_an_earlier_audience_that_this_update_does_not_address_counts_for_nothing(
    desk: Desk, incident: Incident
) -> None:
    await invited(desk, "executives", [Recipient(email="both@x.org")])
    await invited(desk, "stakeholders", [Recipient(email="both@x.org")])

    await sent(desk, incident.key, audiences=["stakeholders"])

    assert await states(desk, incident) == [("stakeholders", "both@x.org", PLANNED, None)]


async def test_who_opted_out_of_a_channel_is_recorded_not_sent_to(
    desk: Desk, incident: Incident
) -> None:
    await invited(
        desk,
        "stakeholders",
        [Recipient(email="no@x.org", channels=("teams",)), Recipient(email="yes@x.org")],
    )

    await sent(desk, incident.key, audiences=["stakeholders"])

    assert await states(desk, incident) == [
        ("stakeholders", "no@x.org", SUPPRESSED, Reason.UNSUBSCRIBED),
        ("stakeholders", "yes@x.org", PLANNED, None),
    ]


async def test_who_opted_out_in_one_audience_is_told_by_the_other(
    desk: Desk, incident: Incident
) -> None:
    await invited(desk, "executives", [Recipient(email="both@x.org", channels=("teams",))])
    await invited(desk, "stakeholders", [Recipient(email="both@x.org")])

    await sent(desk, incident.key, audiences=["executives", "stakeholders"])

    assert await states(desk, incident) == [
        ("executives", "both@x.org", SUPPRESSED, Reason.UNSUBSCRIBED),
        ("stakeholders", "both@x.org", PLANNED, None),
    ]


async def test_an_address_from_which_mail_comes_back_is_recorded_not_sent_to(
    desk: Desk, incident: Incident, clock: HeldClock
) -> None:
    await invited(
        desk, "stakeholders", [Recipient(email="Gone@x.org"), Recipient(email="here@x.org")]
    )
    gone = suppressed(None, "gone@x.org", reason=Reason.BOUNCED, evidence="", now=clock.now())
    await desk.do(lambda scene: scene.book.suppressions.save(gone), SITREP, "timer")

    await sent(desk, incident.key, audiences=["stakeholders"])

    assert await states(desk, incident) == [
        ("stakeholders", "Gone@x.org", SUPPRESSED, Reason.BOUNCED),
        ("stakeholders", "here@x.org", PLANNED, None),
    ]


async def test_the_war_room_and_the_page_are_one_delivery_each(
    desk: Desk, incident: Incident
) -> None:
    await sent(desk, incident.key, audiences=["responders", "customers"])

    assert await states(desk, incident) == [
        ("responders", "room:INC-1", PLANNED, None),
        ("customers", "status page", PLANNED, None),
    ]


def seeing(plan: Plan, **fields: int) -> Plan:
    """The plan with audiences that may see so many fields."""
    audiences = {
        name: replace(plan.audiences[name], sees=frozenset(sorted(FIELDS)[:count]))
        for name, count in fields.items()
    }
    return replace(plan, audiences={**plan.audiences, **audiences})


def people(count: int) -> list[Recipient]:
    return [Recipient(email=f"p{number:05}@x.org") for number in range(count)]


async def invited(desk: Desk, audience: str, wanted: list[Recipient]) -> None:
    def fill(scene: Scene) -> int:
        return scene.book.recipients.replace(audience, wanted)

    assert await desk.do(fill, SITREP, "cli") == len(wanted)


def crashing(act: Callable[[Scene], bool]) -> Callable[[Scene], bool]:
    """Do it, and fail before it is committed."""

    def crash(scene: Scene) -> bool:
        assert act(scene)
        raise SystemError("the power is gone")

    return crash


async def rows(desk: Desk, incident: Incident) -> tuple[LedgerRow, ...]:
    return await seen(
        desk, lambda scene: scene.book.fanouts.rows(incident.key, Filter(limit=100_000))
    )


async def addresses(desk: Desk, incident: Incident) -> list[str]:
    return [row.address for row in await rows(desk, incident)]


async def states(
    desk: Desk, incident: Incident
) -> list[tuple[str, str, DeliveryState, Reason | None]]:
    found = await rows(desk, incident)
    return [(row.audience, row.address, row.state, row.reason) for row in found]


async def counted(desk: Desk, incident: Incident) -> dict[DeliveryState, int]:
    """The totals of the update's only fan-out."""
    [totals] = (await seen(desk, lambda scene: scene.book.fanouts.totals(incident.key, 1))).values()
    return {state: count for state, count in totals.items() if count}


async def due(database: Database, clock: HeldClock) -> bool:
    """True where a worker would find something to send."""
    moment = await SqlLedger(database).next_due(ChannelName.MAIL)
    return moment is not None and moment <= clock.now()
