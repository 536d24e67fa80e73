"""'No change': one tap, by somebody who may say so, and not a third time in a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.draft import Preview
from comms.acts.kind import last_approved
from comms.acts.unchanged import draft_unchanged, send_unchanged
from comms.desk import Desk
from comms.errors import Conflict, Invalid
from comms.testing import HeldClock
from comms.update import Kind, UpdateState
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, BEN, CAS, REPORT

MINUTE = timedelta(minutes=1)
INTERNAL = replace(REPORT, customer=None)
STAKEHOLDERS = {"audiences": ["stakeholders"]}


async def test_the_comms_lead_tells_stakeholders_again_with_one_tap(
    desk: Desk, clock: HeldClock
) -> None:
    key = (await declared(desk)).key
    await sent(desk, key, INTERNAL, **STAKEHOLDERS)
    clock.advance(25 * MINUTE)

    done = await desk.do(send_unchanged, BEN, "teams", key, by=BEN)

    assert (done.update.state, done.update.kind) == (UpdateState.APPROVED, Kind.NO_CHANGE)
    assert done.update.audiences == ("stakeholders",)
    [approval] = done.update.approvals
    assert (approval.by, approval.hash) == (BEN, done.update.hash)
    promises = await seen(desk, lambda scene: scene.book.promises.of(key))
    [owed] = [p for p in promises if p.audience == "stakeholders" and p.is_owed]
    assert owed.due_at == clock.now() + 30 * MINUTE


async def test_where_two_must_approve_the_tap_counts_as_one_of_them(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)

    done = await desk.do(send_unchanged, BEN, "teams", key, by=BEN)

    assert done.update.state is UpdateState.AWAITING
    assert [role.label for role in done.needed] == ["incident commander"]
    told = await approved(desk, await drafted_again(desk, key), ADA)
    assert told.needed == ()


async def test_the_tap_of_somebody_without_the_role_drafts_and_sends_nothing(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)

    done = await desk.do(send_unchanged, CAS, "teams", key, by=CAS)

    assert (done.update.state, done.update.approvals) == (UpdateState.DRAFT, ())
    assert done.needed != ()


async def test_after_two_in_a_row_readers_are_owed_substance(desk: Desk, clock: HeldClock) -> None:
    key = (await declared(desk)).key
    await sent(desk, key, INTERNAL, **STAKEHOLDERS)
    for _ in range(2):
        clock.advance(25 * MINUTE)
        await desk.do(send_unchanged, BEN, "teams", key, by=BEN)

    with pytest.raises(Conflict, match="Say what has been tried") as refused:
        await desk.do(draft_unchanged, BEN, "teams", key)

    assert refused.value.pointer == "/conditions"
    last = await seen(desk, last_approved, key)
    assert last
    assert last.number == 3
    news = replace(INTERNAL, conditions="The provider has found the faulty disk.")
    assert (await drafted(desk, key, news, **STAKEHOLDERS)).update.kind is Kind.UPDATE


async def test_before_the_first_update_there_is_nothing_to_repeat(desk: Desk) -> None:
    key = (await declared(desk)).key

    with pytest.raises(Invalid, match="no update yet"):
        await desk.do(send_unchanged, BEN, "teams", key, by=BEN)


async def drafted_again(desk: Desk, key: str) -> Preview:
    return await desk.do(draft_unchanged, BEN, "teams", key)
