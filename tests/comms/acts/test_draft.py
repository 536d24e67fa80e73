"""Drafting: one open draft an incident, rendered and hashed; what changes makes it another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.approve import discard
from comms.acts.draft import draft, open_draft, opening
from comms.acts.incident import assign, change_severity, change_status
from comms.desk import Desk, Scene
from comms.errors import Conflict, Invalid, NotFound
from comms.incident import Severity, Status
from comms.people import Role
from comms.plan.model import ChannelName
from comms.report import Need
from comms.testing import HeldClock
from comms.update import Kind, UpdateState
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, BEN, CAS, REPORT

MINUTE = timedelta(minutes=1)


async def test_a_draft_has_a_statement_for_each_audience_and_channel(desk: Desk) -> None:
    incident = await declared(desk)

    preview = await drafted(desk, incident.key)

    assert [(s.audience, s.channel) for s in preview.statements] == [
        ("responders", ChannelName.TEAMS),
        ("executives", ChannelName.MAIL),
        ("stakeholders", ChannelName.MAIL),
        ("customers", ChannelName.PAGE),
        ("customers", ChannelName.MAIL),
    ]
    assert preview.update.number == 1
    assert preview.update.state is UpdateState.DRAFT
    assert preview.update.status is Status.INVESTIGATING
    assert preview.needed == (Role.INCIDENT_COMMANDER, Role.COMMS_LEAD)
    assert preview.missing == preview.needed


async def test_customers_are_left_out_where_the_report_has_no_text_for_them(desk: Desk) -> None:
    incident = await declared(desk)

    preview = await drafted(desk, incident.key, replace(REPORT, customer=None))

    assert preview.update.audiences == ("responders", "executives", "stakeholders")


async def test_customers_that_are_asked_for_need_their_text(desk: Desk) -> None:
    incident = await declared(desk)

    with pytest.raises(Invalid, match="Say what customers see") as caught:
        await drafted(desk, incident.key, replace(REPORT, customer=None), audiences=["customers"])
    assert caught.value.pointer == "/customer/symptom"


@pytest.mark.parametrize(
    ("audiences", "pointer"),
    [([], "/audiences"), (["customers", "staff"], "/audiences/1"), (["regulator"], "/audiences/0")],
)
async def test_an_unknown_audience_is_named_with_the_known_ones(
    desk: Desk, audiences: list[str], pointer: str
) -> None:
    incident = await declared(desk)

    with pytest.raises(Invalid) as caught:
        await drafted(desk, incident.key, audiences=audiences)

    assert caught.value.pointer == pointer
    if audiences:
        assert "Known: responders, executives, stakeholders, customers." in caught.value.detail


async def test_a_draft_prints_the_next_promise_of_each_audience(
    desk: Desk, clock: HeldClock
) -> None:
    incident = await declared(desk, severity=Severity.SEV3)

    preview = await drafted(desk, incident.key)

    now = clock.now()
    assert preview.update.promises == {
        "responders": now + 60 * MINUTE,
        "stakeholders": now + 240 * MINUTE,
        "customers": now + 1440 * MINUTE,
    }


async def test_the_same_draft_sent_again_keeps_its_hash(desk: Desk, clock: HeldClock) -> None:
    incident = await declared(desk)
    first = await drafted(desk, incident.key)
    clock.advance(MINUTE)

    again = await drafted(desk, incident.key)

    assert again.update == first.update


async def test_a_changed_draft_takes_the_number_and_voids_the_approvals(desk: Desk) -> None:
    incident = await declared(desk)
    first = await drafted(desk, incident.key)
    await approved(desk, first, BEN)

    second = await drafted(desk, incident.key, replace(REPORT, risk="None."))

    assert second.update.number == first.update.number == 1
    assert second.update.hash != first.update.hash
    assert second.update.state is UpdateState.DRAFT
    assert second.update.approvals == ()
    assert len(await seen(desk, updates, incident.key)) == 1


async def test_a_draft_whose_promise_has_passed_is_made_anew(desk: Desk, clock: HeldClock) -> None:
    incident = await declared(desk)
    first = await drafted(desk, incident.key)
    assert first.findings == () or all(f.code != "promise_passed" for f in first.findings)
    clock.advance(20 * MINUTE)

    again = await drafted(desk, incident.key)

    assert again.update.hash != first.update.hash
    assert min(again.update.promises.values()) > clock.now()


async def test_a_change_of_severity_renders_the_draft_anew(desk: Desk) -> None:
    incident = await declared(desk)
    first = await drafted(desk, incident.key)
    await approved(desk, first, BEN)

    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV2)

    after = await seen(desk, open_draft, incident.key)
    assert after is not None
    assert after.hash != first.update.hash
    assert (after.state, after.approvals) == (UpdateState.DRAFT, ())
    assert after.promises["executives"] > first.update.promises["executives"]


async def test_a_new_role_holder_renders_the_draft_anew(desk: Desk) -> None:
    incident = await declared(desk)
    await approved(desk, await drafted(desk, incident.key), BEN)

    await desk.do(assign, ADA, "teams", incident.key, role=Role.COMMS_LEAD, person=CAS)

    after = await seen(desk, open_draft, incident.key)
    assert after is not None
    assert after.approvals == ()


async def test_the_same_role_given_again_changes_nothing(desk: Desk) -> None:
    incident = await declared(desk)
    first = await approved(desk, await drafted(desk, incident.key), BEN)

    await desk.do(assign, ADA, "teams", incident.key, role=Role.COMMS_LEAD, person=BEN)

    assert await seen(desk, open_draft, incident.key) == first.update


async def test_a_draft_keeps_the_status_it_tells_where_it_still_can(desk: Desk) -> None:
    incident = await declared(desk)
    await drafted(desk, incident.key, status=Status.MONITORING)

    await desk.do(change_status, ADA, "teams", incident.key, Status.IDENTIFIED)
    kept = await seen(desk, open_draft, incident.key)
    assert kept is not None
    assert kept.status is Status.MONITORING

    await desk.do(change_status, ADA, "teams", incident.key, Status.RESOLVED)
    moved = await seen(desk, open_draft, incident.key)
    assert moved is not None
    assert (moved.status, moved.kind, moved.promises) == (Status.RESOLVED, Kind.RESOLVED, {})


async def test_a_discarded_draft_gives_its_number_back(desk: Desk) -> None:
    incident = await declared(desk)
    first = await drafted(desk, incident.key)

    gone = await desk.do(discard, BEN, "teams", incident.key, 1)

    assert (gone.number, gone.state) == (1, UpdateState.DISCARDED)
    with pytest.raises(NotFound):
        await desk.do(discard, BEN, "teams", incident.key, 1)
    second = await drafted(desk, incident.key)
    assert second.update.number == 1
    assert second.update.id != first.update.id


async def test_what_was_sent_cannot_be_discarded(desk: Desk) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)

    with pytest.raises(Conflict, match="it can be corrected, not discarded"):
        await desk.do(discard, BEN, "teams", incident.key, 1)


async def test_a_correction_names_the_update_that_it_corrects(desk: Desk) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)

    preview = await drafted(desk, incident.key, replace(REPORT, risk="None."), corrects=1)

    assert (preview.update.kind, preview.update.corrects) == (Kind.CORRECTION, 1)
    assert preview.update.number == 2


async def test_only_what_was_sent_can_be_corrected(desk: Desk) -> None:
    incident = await declared(desk)
    await drafted(desk, incident.key)

    with pytest.raises(Conflict, match="Update 1 was never sent"):
        await drafted(desk, incident.key, corrects=1)
    with pytest.raises(NotFound):
        await drafted(desk, incident.key, corrects=7)


@pytest.mark.parametrize("status", [Status.TRIAGE, Status.DECLARED, Status.CLOSED])
async def test_an_update_cannot_tell_a_status_that_cannot_come(desk: Desk, status: Status) -> None:
    incident = await declared(desk)
    await desk.do(change_status, ADA, "teams", incident.key, Status.INVESTIGATING)

    with pytest.raises(Conflict, match=f"an update cannot make it {status}") as caught:
        await drafted(desk, incident.key, status=status)
    assert caught.value.pointer == "/status"


async def test_a_suspicion_is_not_reported(desk: Desk) -> None:
    incident = await declared(desk, suspected=True)

    with pytest.raises(Conflict, match="nothing to report"):
        await drafted(desk, incident.key)


async def test_a_wrong_report_keeps_the_draft_as_it_was(desk: Desk) -> None:
    incident = await declared(desk)
    first = await drafted(desk, incident.key)

    with pytest.raises(Invalid):
        await desk.do(draft, BEN, "teams", incident.key, report=replace(REPORT, conditions=" "))

    assert await seen(desk, open_draft, incident.key) == first.update


async def test_the_form_opens_with_the_draft_then_with_the_last_report(desk: Desk) -> None:
    incident = await declared(desk)
    assert (await seen(desk, opening, incident.key)).conditions == ""

    await drafted(desk, incident.key)
    assert await seen(desk, opening, incident.key) == REPORT

    await sent(desk, incident.key)
    opened = await seen(desk, opening, incident.key)
    assert opened.actions.done == ()
    assert opened.actions.doing == REPORT.actions.doing
    assert opened.needs == REPORT.needs


async def test_the_form_opens_with_the_needs_that_are_still_live(desk: Desk) -> None:
    from comms.acts.asks import meet, take

    incident = await declared(desk)
    report = replace(REPORT, needs=(Need(text="a"), Need(text="b"), Need(text="c", owner="Team")))
    await sent(desk, incident.key, report)
    a, b, _ = await seen(desk, lambda scene: scene.book.asks.of(incident.key))
    await desk.do(take, CAS, "teams", a.id)
    await desk.do(meet, CAS, "teams", b.id)

    opened = await seen(desk, opening, incident.key)

    assert opened.needs == (Need(text="a", owner=CAS.name), Need(text="c", owner="Team"))


def updates(scene: Scene, key: str):  # type: ignore[no-untyped-def]
    return scene.book.updates.of(key)
