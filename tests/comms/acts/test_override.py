"""Overriding what lint blocks: only by whom the plan names, with a reason, for one text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comms.acts.approve import Approved, approve
from comms.acts.draft import Preview, preview
from comms.acts.incident import change_severity
from comms.desk import Desk, House, Scene
from comms.errors import Conflict, Forbidden
from comms.incident import Severity
from comms.people import Person, Role
from comms.plan.model import Plan
from comms.report import CustomerText
from comms.testing import HeldClock
from comms.timeline import Deed, Entry
from comms.update import UpdateState
from storage.book import SqlStore
from storage.database import Database
from tests.acting import approved, declared, drafted, seen
from tests.house import ADA, BEN, REPORT

LEO = Person(name="Leo Brandt", email="leo@example.org", entra_id="e-leo")
LEAK = replace(REPORT, customer=CustomerText(symptom="node-7 in your rack fails.", scope="All."))
REASON = "The customer's own host is meant."


@pytest.fixture
def lenient(plan: Plan) -> Plan:
    """The shipped plan, in which legal may override what is blocked for customers."""
    customers = replace(plan.audience("customers"), lint_override=(Role.LEGAL,))
    return replace(
        plan,
        audiences={**plan.audiences, "customers": customers},
        approvers={Role.LEGAL: (LEO,)},
    )


@pytest.fixture
def desk(database: Database, house: House, clock: HeldClock, lenient: Plan) -> Desk:
    """A desk under that plan."""
    return Desk(store=SqlStore(database), house=replace(house, plan=lenient), clock=clock)


async def override(desk: Desk, shown: Preview, by: Person, reason: str = REASON) -> Approved:
    update = shown.update
    return await desk.do(
        approve, by, "teams", update.incident, update.number, hash=update.hash, override=reason
    )


async def blocked(desk: Desk) -> Preview:
    return await drafted(desk, (await declared(desk)).key, LEAK)


async def shown(desk: Desk, draft: Preview) -> Preview:
    return await seen(desk, preview, draft.update.incident, draft.update.number)


async def test_whom_the_plan_names_may_override_and_the_others_approve_after(desk: Desk) -> None:
    draft = await blocked(desk)
    assert draft.can_override
    with pytest.raises(Conflict, match="may override it with a reason"):
        await approved(desk, draft, BEN)

    first = await override(desk, draft, LEO)

    assert first.update.state is UpdateState.AWAITING
    assert set(first.needed) == {Role.COMMS_LEAD, Role.INCIDENT_COMMANDER}
    after = await shown(desk, draft)
    assert (after.blocks, after.can_override) == ((), False)
    assert (await approved(desk, draft, BEN, ADA)).update.state is UpdateState.APPROVED


async def test_an_override_is_recorded_with_who_and_why(desk: Desk) -> None:
    draft = await blocked(desk)
    key = draft.update.incident

    await override(desk, draft, LEO)

    def record(scene: Scene) -> tuple[list[Entry], list[Deed]]:
        kind = "update.lint_overridden"
        entries = [entry for entry in scene.book.timeline.of(key) if entry.kind == kind]
        return entries, [deed for deed in scene.book.audit.of(key) if deed.action == kind]

    [entry], [deed] = await seen(desk, record)
    assert entry.text == (f"Leo Brandt overrode what blocked update 1 (hosts): {REASON}")
    assert (deed.by.name, deed.detail["rules"]) == ("Leo Brandt", "hosts")
    [approval] = (await shown(desk, draft)).update.approvals
    assert (approval.by.name, approval.override) == ("Leo Brandt", REASON)


async def test_nobody_else_may_override(desk: Desk) -> None:
    draft = await blocked(desk)

    with pytest.raises(Forbidden, match="It takes the legal"):
        await override(desk, draft, ADA)

    assert (await shown(desk, draft)).update.approvals == ()


@pytest.mark.parametrize("reason", ["", "   "])
async def test_an_override_takes_a_reason(desk: Desk, reason: str) -> None:
    with pytest.raises(Conflict, match="with a reason"):
        await override(desk, await blocked(desk), LEO, reason)


async def test_an_override_is_for_one_text_only(desk: Desk) -> None:
    draft = await blocked(desk)
    await override(desk, draft, LEO)

    await desk.do(change_severity, ADA, "teams", draft.update.incident, Severity.SEV2)

    assert (await shown(desk, draft)).can_override


async def test_where_nothing_blocks_an_override_is_an_ordinary_approval(desk: Desk) -> None:
    draft = await drafted(desk, (await declared(desk)).key)

    first = await override(desk, draft, BEN)

    assert [approval.override for approval in first.update.approvals] == [""]
    with pytest.raises(Forbidden):
        await override(desk, draft, LEO)


async def test_what_nobody_may_override_stays_blocked(
    desk: Desk, clock: HeldClock, database: Database, house: House
) -> None:
    draft = await blocked(desk)
    strict = Desk(store=SqlStore(database), house=house, clock=clock)

    with pytest.raises(Conflict) as refused:
        await override(strict, draft, LEO)

    assert "override" not in refused.value.detail
    assert not (await shown(strict, draft)).can_override


async def test_a_promise_that_has_passed_is_not_a_matter_of_words(
    desk: Desk, clock: HeldClock
) -> None:
    draft = await blocked(desk)
    clock.advance(draft.update.promises["customers"] - clock.now())

    with pytest.raises(Conflict, match="already due"):
        await override(desk, draft, LEO)
