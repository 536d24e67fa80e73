"""Nobody approves: the next one is asked in time, once, and may approve in their place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.approve import approve, discard
from comms.acts.incident import change_severity
from comms.acts.sources import take_rota
from comms.bell import Bell
from comms.desk import Desk, House
from comms.errors import Forbidden
from comms.incident import Severity
from comms.people import SITREP, Person, Role
from comms.plan.called import Called, Duty, OnCall
from comms.plan.load import load
from comms.plan.model import ApprovalTimeout
from comms.source import FeedCopy, Member, Rota, Shift
from comms.testing import HeldClock
from comms.timekeeper import Timekeeper
from comms.timeline import Entry
from comms.update import Update, UpdateState
from storage.book import SqlStore
from storage.database import Database
from tests.acting import approved, declared, drafted, seen
from tests.house import ADA, BEN, CAS, REPORT, plain_writers

MINUTE = timedelta(minutes=1)
DANA = Person(name="Dana Roth", email="dana@example.org")
ROBIN = Person(name="Robin Meier", email="robin@example.org")
INTERNAL = replace(REPORT, customer=None)


def desk_with(database: Database, clock: HeldClock, *then: Called) -> Desk:
    """A desk whose plan asks these, ten minutes after one another."""
    timeout = ApprovalTimeout(after=10 * MINUTE, then=then)
    plan = replace(load(None), approval_timeout=timeout, duty_manager=DANA)
    house = House(plan=plan, writers=plain_writers())
    return Desk(store=SqlStore(database), house=house, clock=clock)


async def wait(desk: Desk, clock: HeldClock, minutes: int) -> None:
    """Let the minutes pass, as a program does that was started just now."""
    timekeeper = Timekeeper(desk=desk, clock=clock, bell=Bell())
    for _ in range(minutes):
        clock.advance(MINUTE)
        while await timekeeper.fire():
            pass


async def last(desk: Desk, key: str) -> Update:
    return (await seen(desk, lambda scene: scene.book.updates.of(key)))[-1]


async def told(desk: Desk, key: str, kind: str) -> list[Entry]:
    entries = await seen(desk, lambda scene: scene.book.timeline.of(key))
    return [entry for entry in entries if entry.kind == kind]


async def test_after_its_time_the_next_is_asked_and_their_yes_sends(
    database: Database, clock: HeldClock
) -> None:
    desk = desk_with(database, clock, Duty.DUTY_MANAGER)
    incident = await declared(desk)
    preview = await drafted(desk, incident.key, INTERNAL, audiences=["executives"])

    await wait(desk, clock, 9)
    with pytest.raises(Forbidden):
        await approved(desk, preview, DANA)
    await wait(desk, clock, 1)
    done = await approved(desk, preview, DANA)

    assert done.update.state is UpdateState.APPROVED
    (asked,) = await told(desk, incident.key, "approval.asked")
    assert "Dana Roth is asked, and may" in asked.text
    (said,) = await told(desk, incident.key, "update.approved")
    assert said.text == ("Dana Roth approved update 1, asked in place of the incident commander")


async def test_each_is_asked_once_in_turn_also_over_restarts(
    database: Database, clock: HeldClock
) -> None:
    desk = desk_with(database, clock, Duty.DUTY_MANAGER, ROBIN)
    incident = await declared(desk)
    await drafted(desk, incident.key, INTERNAL, audiences=["executives"])

    names = []
    for _ in range(5):
        # A program that was started anew keeps the time of the one before.
        await wait(desk_with(database, clock, Duty.DUTY_MANAGER, ROBIN), clock, 10)
        names.append([person.name for person in (await last(desk, incident.key)).asked])

    assert names == [["Dana Roth"], *([["Dana Roth", "Robin Meier"]] * 4)]
    assert len(await told(desk, incident.key, "approval.asked")) == 2
    assert len(await told(desk, incident.key, "approval.unanswered")) == 1


async def test_a_stand_in_gives_one_pair_of_eyes(database: Database, clock: HeldClock) -> None:
    desk = desk_with(database, clock, Duty.DUTY_MANAGER)
    incident = await declared(desk)
    preview = await drafted(desk, incident.key, audiences=["customers"])
    await wait(desk, clock, 10)

    first = await approved(desk, preview, DANA)
    assert first.needed
    assert (await approved(desk, preview, DANA)).needed == first.needed
    assert (await approved(desk, preview, BEN)).update.state is UpdateState.APPROVED


async def test_whoever_could_approve_all_along_is_passed_over(
    database: Database, clock: HeldClock
) -> None:
    desk = desk_with(database, clock, Role.INCIDENT_COMMANDER, Role.SCRIBE, Duty.DUTY_MANAGER)
    incident = await declared(desk)
    await drafted(desk, incident.key, INTERNAL, audiences=["executives"])

    await wait(desk, clock, 10)

    # Ada has the role that is missing, and nobody is scribe.
    assert (await last(desk, incident.key)).asked == (DANA,)


async def test_a_yes_on_its_way_keeps_its_worth_while_the_other_is_asked_for(
    database: Database, clock: HeldClock
) -> None:
    desk = desk_with(database, clock, Duty.DUTY_MANAGER)
    incident = await declared(desk)
    preview = await drafted(desk, incident.key, audiences=["customers"])
    await approved(desk, preview, BEN)

    await wait(desk, clock, 10)

    (asked,) = await told(desk, incident.key, "approval.asked")
    assert asked.text.startswith("The incident commander has not approved update 1 in 10 min")
    assert (await approved(desk, preview, DANA)).update.state is UpdateState.APPROVED


async def test_a_draft_that_changes_is_waited_for_from_then_on(
    database: Database, clock: HeldClock
) -> None:
    desk = desk_with(database, clock, Duty.DUTY_MANAGER)
    incident = await declared(desk)
    await drafted(desk, incident.key, INTERNAL, audiences=["executives"])
    await wait(desk, clock, 12)
    assert (await last(desk, incident.key)).asked == (DANA,)

    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV2)

    assert (await last(desk, incident.key)).asked == ()
    await wait(desk, clock, 9)
    assert (await last(desk, incident.key)).asked == ()
    await wait(desk, clock, 1)
    assert (await last(desk, incident.key)).asked == (DANA,)


@pytest.mark.parametrize("audience", ["responders", "executives"])
async def test_nobody_is_asked_where_nothing_is_missing(
    database: Database, clock: HeldClock, audience: str
) -> None:
    desk = desk_with(database, clock, Duty.DUTY_MANAGER)
    incident = await declared(desk)
    preview = await drafted(desk, incident.key, INTERNAL, audiences=[audience])
    if audience == "executives":
        await approved(desk, preview, ADA)

    await wait(desk, clock, 30)

    assert not await told(desk, incident.key, "approval.asked")


async def test_a_discarded_draft_asks_nobody(database: Database, clock: HeldClock) -> None:
    desk = desk_with(database, clock, Duty.DUTY_MANAGER)
    incident = await declared(desk)
    await drafted(desk, incident.key, INTERNAL, audiences=["executives"])
    await desk.do(discard, BEN, "teams", incident.key, 1)

    await wait(desk, clock, 30)

    assert not await told(desk, incident.key, "approval.asked")


async def test_being_asked_gives_no_right_to_what_lint_forbids_or_to_others(
    database: Database, clock: HeldClock
) -> None:
    desk = desk_with(database, clock, Duty.DUTY_MANAGER)
    incident = await declared(desk)
    preview = await drafted(desk, incident.key, INTERNAL, audiences=["executives"])
    await wait(desk, clock, 10)

    with pytest.raises(Forbidden, match="needs the incident commander"):
        await desk.do(approve, CAS, "teams", incident.key, 1, hash=preview.update.hash)


async def test_whoever_is_on_call_at_that_moment_is_asked(
    database: Database, clock: HeldClock
) -> None:
    network, soon = Rota(name="network"), 10 * MINUTE
    timeout = ApprovalTimeout(after=soon, then=(OnCall(rota="network"),))
    plan = replace(load(None), approval_timeout=timeout, rotas={"network": network})
    house = House(plan=plan, writers=plain_writers())
    desk = Desk(store=SqlStore(database), house=house, clock=clock)
    now = clock.now()
    shifts = [
        Shift(starts=now, ends=now + soon, member=Member(email="before@x.org")),
        Shift(starts=now + soon, ends=now + 2 * soon, member=Member(email="then@x.org")),
    ]
    feed = FeedCopy(origin="o", body=b"")
    await desk.do(take_rota, SITREP, "timer", network.source, shifts, feed)
    incident = await declared(desk)
    await drafted(desk, incident.key, INTERNAL, audiences=["executives"])

    await wait(desk, clock, 10)

    assert [person.email for person in (await last(desk, incident.key)).asked] == ["then@x.org"]
