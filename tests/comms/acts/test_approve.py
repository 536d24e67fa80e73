"""Approval: bound to what was seen, by the people the plan asks for; then all goes at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.approve import approve
from comms.acts.incident import assign, change_severity
from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.desk import Desk, Scene
from comms.errors import Conflict, Forbidden, NotFound, StaleDraft
from comms.incident import Severity, Status
from comms.ledger import Filter
from comms.people import Person, Role
from comms.plan.model import ChannelName
from comms.recipient import Recipient
from comms.report import CustomerText
from comms.testing import HeldClock
from comms.timeline import Deed
from comms.update import Update, UpdateState
from storage.book import SqlStore
from storage.database import Database
from storage.ledger import SqlLedger
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, BEN, CAS, REPORT

INTERNAL = replace(REPORT, customer=None)


async def test_the_last_approval_that_is_needed_sends(desk: Desk, clock: HeldClock) -> None:
    incident = await declared(desk)
    preview = await drafted(desk, incident.key)

    first = await approved(desk, preview, BEN)
    assert first.update.state is UpdateState.AWAITING
    assert first.needed == (Role.INCIDENT_COMMANDER,)
    assert await seen(desk, rows, incident.key) == ()

    second = await approved(desk, preview, ADA)
    assert second.update.state is UpdateState.APPROVED
    assert second.update.approved_at == clock.now()
    assert second.needed == ()
    assert len(await seen(desk, rows, incident.key)) == 2  # the war room and the page


async def test_an_update_for_responders_needs_one_click_of_anybody(desk: Desk) -> None:
    incident = await declared(desk, roles={})

    preview = await drafted(desk, incident.key, audiences=["responders"])

    assert preview.needed == ()
    assert (await approved(desk, preview, CAS)).update.state is UpdateState.APPROVED


async def test_a_stale_hash_is_refused(desk: Desk) -> None:
    incident = await declared(desk)
    old = await drafted(desk, incident.key)
    await drafted(desk, incident.key, replace(REPORT, conditions="All card payments fail."))

    with pytest.raises(StaleDraft, match="Look at it again") as caught:
        await approved(desk, old, BEN)

    assert caught.value.pointer == "/hash"
    assert (await seen(desk, update, incident.key, 1)).approvals == ()


@pytest.mark.parametrize("hash_", ["", "0" * 64, "ä"])
async def test_a_made_up_hash_is_refused(desk: Desk, hash_: str) -> None:
    incident = await declared(desk)
    await drafted(desk, incident.key)

    with pytest.raises(StaleDraft):
        await desk.do(approve, BEN, "api", incident.key, 1, hash=hash_)


async def test_what_does_not_exist_cannot_be_approved(desk: Desk) -> None:
    incident = await declared(desk)
    preview = await drafted(desk, incident.key)

    for number in (0, -preview.update.id, 2):
        with pytest.raises(NotFound):
            await desk.do(approve, BEN, "api", incident.key, number, hash=preview.update.hash)


async def test_a_responder_cannot_approve_and_is_told_who_can(desk: Desk) -> None:
    incident = await declared(desk)

    with pytest.raises(Forbidden) as caught:
        await approved(desk, await drafted(desk, incident.key), CAS)

    assert caught.value.detail == (
        "Cas Novak cannot approve this: it needs the incident commander and comms lead."
        " Take the role, ask its holder, or break the glass with a reason."
    )
    assert caught.value.pointer == "/approver"


async def test_one_person_with_both_roles_is_one_pair_of_eyes(desk: Desk) -> None:
    incident = await declared(desk, roles={Role.INCIDENT_COMMANDER: ADA, Role.COMMS_LEAD: ADA})
    preview = await drafted(desk, incident.key)

    first = await approved(desk, preview, ADA)
    again = await approved(desk, preview, ADA)

    assert first.update.state is again.update.state is UpdateState.AWAITING
    assert len(again.update.approvals) == 1


async def test_the_same_person_under_another_name_is_the_same_pair_of_eyes(desk: Desk) -> None:
    incident = await declared(desk, roles={Role.INCIDENT_COMMANDER: ADA, Role.COMMS_LEAD: ADA})
    preview = await drafted(desk, incident.key)
    await approved(desk, preview, ADA)

    again = await approved(desk, preview, Person(name="A. L.", email="ADA@example.org"))

    assert again.update.state is UpdateState.AWAITING


async def test_without_four_eyes_one_person_with_both_roles_is_enough(
    desk: Desk, database: Database
) -> None:
    lenient = Desk(
        store=SqlStore(database),
        house=replace(desk.house, plan=replace(desk.house.plan, four_eyes=False)),
        clock=desk.clock,
    )
    incident = await declared(lenient, roles={Role.INCIDENT_COMMANDER: ADA, Role.COMMS_LEAD: ADA})

    result = await approved(lenient, await drafted(lenient, incident.key), ADA)

    assert result.update.state is UpdateState.APPROVED


@pytest.mark.parametrize(
    ("roles", "by", "said_before"),
    [
        ({}, CAS, False),
        ({Role.INCIDENT_COMMANDER: ADA, Role.COMMS_LEAD: ADA}, ADA, False),
        ({Role.INCIDENT_COMMANDER: ADA, Role.COMMS_LEAD: ADA}, ADA, True),
        ({Role.INCIDENT_COMMANDER: ADA, Role.COMMS_LEAD: BEN}, BEN, True),
    ],
)
async def test_the_glass_can_be_broken_with_a_reason_which_is_recorded(
    desk: Desk, roles: dict[Role, Person], by: Person, said_before: bool
) -> None:
    incident = await declared(desk, roles=roles)
    preview = await drafted(desk, incident.key)
    if said_before:
        await approved(desk, preview, by)

    result = await desk.do(
        approve,
        by,
        "teams",
        incident.key,
        1,
        hash=preview.update.hash,
        break_glass="Nobody else is awake",
    )

    assert result.update.state is UpdateState.APPROVED
    assert result.update.approvals[-1].break_glass == "Nobody else is awake"
    broken = [deed for deed in await seen(desk, audit, incident.key) if "glass" in deed.action]
    assert [(deed.by, deed.action) for deed in broken] == [(by, "update.break_glass")]


async def test_the_glass_stays_whole_where_it_need_not_be_broken(desk: Desk) -> None:
    incident = await declared(desk)
    preview = await drafted(desk, incident.key)
    await approved(desk, preview, BEN)

    result = await desk.do(
        approve, ADA, "teams", incident.key, 1, hash=preview.update.hash, break_glass="Quick!"
    )

    assert result.update.state is UpdateState.APPROVED
    assert all(not approval.break_glass for approval in result.update.approvals)


async def test_the_same_yes_again_changes_nothing_before_and_after_sending(desk: Desk) -> None:
    incident = await declared(desk)
    preview = await drafted(desk, incident.key)
    first = await approved(desk, preview, BEN)
    assert (await approved(desk, preview, BEN)) == first

    await approved(desk, preview, ADA)
    before = await seen(desk, audit, incident.key)
    for person in (ADA, BEN, CAS):
        result = await approved(desk, preview, person)
        assert result.update.state is UpdateState.APPROVED
    assert await seen(desk, audit, incident.key) == before
    assert len(await seen(desk, rows, incident.key)) == 2


async def test_a_plan_may_name_approvers_who_hold_no_role(desk: Desk, database: Database) -> None:
    dan = Person(name="Dan", email="dan@example.org")
    plan = replace(desk.house.plan, approvers={Role.INCIDENT_COMMANDER: (dan,)})
    other = Desk(store=SqlStore(database), house=replace(desk.house, plan=plan), clock=desk.clock)
    incident = await declared(other, roles={Role.COMMS_LEAD: BEN})

    result = await approved(other, await drafted(other, incident.key), BEN, dan)

    assert result.update.state is UpdateState.APPROVED


async def test_what_lint_blocks_cannot_be_approved_not_even_with_the_glass_broken(
    desk: Desk,
) -> None:
    incident = await declared(desk)
    leaking = replace(REPORT, customer=CustomerText(symptom="db1.internal is down."))
    preview = await drafted(desk, incident.key, leaking)

    with pytest.raises(Conflict, match=r"db1\.internal is a name from inside") as caught:
        await desk.do(
            approve, CAS, "api", incident.key, 1, hash=preview.update.hash, break_glass="Quick!"
        )
    assert caught.value.pointer == "/customer/symptom"


async def test_a_draft_whose_promise_has_passed_cannot_be_approved(
    desk: Desk, clock: HeldClock
) -> None:
    incident = await declared(desk)
    preview = await drafted(desk, incident.key)
    clock.advance(timedelta(minutes=31))

    with pytest.raises(Conflict, match="Draft it again"):
        await approved(desk, preview, BEN)


async def test_a_change_of_severity_makes_the_card_stale(desk: Desk) -> None:
    incident = await declared(desk)
    preview = await drafted(desk, incident.key)
    await approved(desk, preview, BEN)
    await desk.do(change_severity, CAS, "teams", incident.key, Severity.SEV2)

    with pytest.raises(StaleDraft):
        await approved(desk, preview, ADA)


async def test_who_lost_the_role_cannot_approve_any_more(desk: Desk) -> None:
    incident = await declared(desk)
    await desk.do(assign, CAS, "teams", incident.key, role=Role.COMMS_LEAD, person=CAS)

    with pytest.raises(Forbidden):
        await approved(desk, await drafted(desk, incident.key), BEN)


async def test_sending_moves_the_incident_to_what_readers_are_told(desk: Desk) -> None:
    incident = await declared(desk)

    await sent(desk, incident.key, status=Status.IDENTIFIED)

    after = await seen(desk, lambda scene: scene.book.incidents.get(incident.key))
    assert after.status is Status.IDENTIFIED


async def test_every_recipient_is_a_row_and_nobody_is_written_to_twice(
    desk: Desk,
) -> None:
    await people(
        desk,
        executives=[Recipient(email="eve@x.org"), Recipient(email="Both@x.org", name="Bo")],
        stakeholders=[
            Recipient(email="both@x.org"),
            Recipient(email="off@x.org", channels=("teams",)),
            Recipient(email="sam@x.org", language="de"),
        ],
        customers=[Recipient(email="off@x.org"), Recipient(email="cus@x.org")],
    )
    incident = await declared(desk)

    await sent(desk, incident.key)

    mail = [row for row in await seen(desk, rows, incident.key) if row.channel == "mail"]
    assert [(row.audience, row.address, row.state, row.reason) for row in mail] == [
        ("executives", "eve@x.org", DeliveryState.PLANNED, None),
        ("executives", "Both@x.org", DeliveryState.PLANNED, None),
        ("stakeholders", "both@x.org", DeliveryState.SUPPRESSED, Reason.DUPLICATE),
        ("stakeholders", "off@x.org", DeliveryState.SUPPRESSED, Reason.UNSUBSCRIBED),
        ("stakeholders", "sam@x.org", DeliveryState.PLANNED, None),
        # Not reached as a stakeholder, so reached as a customer.
        ("customers", "off@x.org", DeliveryState.PLANNED, None),
        ("customers", "cus@x.org", DeliveryState.PLANNED, None),
    ]


async def test_the_worst_incident_and_the_first_audience_go_first(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    for who in ("executives", "stakeholders"):
        await people(desk, **{who: [Recipient(email=f"{who}@x.org")]})
    for severity in (Severity.SEV3, Severity.SEV1):
        await sent(desk, (await declared(desk, severity=severity)).key, INTERNAL)

    order = []
    for _ in range(4):
        claim = await SqlLedger(database).claim(
            channel=ChannelName.MAIL,
            owner="w",
            now=clock.now(),
            lease=timedelta(minutes=2),
        )
        assert claim is not None
        order.append((claim.fanout.incident, claim.fanout.audience))

    assert order == [
        ("INC-2", "executives"),
        ("INC-2", "stakeholders"),
        ("INC-1", "executives"),
        ("INC-1", "stakeholders"),
    ]


async def test_everything_about_the_approval_is_in_the_audit(desk: Desk) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)

    deeds = await seen(desk, audit, incident.key)

    said = [(deed.action, deed.by.name, deed.via) for deed in deeds if "update" in deed.action]
    assert said == [
        ("update.drafted", "Ben Okafor", "teams"),
        ("update.approved", "Ben Okafor", "teams"),
        ("update.approved", "Ada Lovelace", "teams"),
        ("update.planned", "Ada Lovelace", "teams"),
    ]


async def people(desk: Desk, **audiences: list[Recipient]) -> None:
    def fill(scene: Scene) -> None:
        for name, who in audiences.items():
            scene.book.recipients.replace(name, who)

    await desk.do(fill, ADA, "api")


def update(scene: Scene, key: str, number: int) -> Update:
    return scene.book.updates.get(key, number)


def rows(scene: Scene, key: str) -> tuple[LedgerRow, ...]:
    return scene.book.fanouts.rows(key, Filter(limit=1000))


def audit(scene: Scene, key: str) -> tuple[Deed, ...]:
    return scene.book.audit.of(key)
