"""What an update is to whoever has read the updates so far."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.asks import take
from comms.acts.draft import open_draft, opening
from comms.acts.incident import change_severity, change_status, resolve
from comms.desk import Desk
from comms.errors import Invalid
from comms.incident import Severity, Status
from comms.report import Need
from comms.testing import HeldClock
from comms.update import Kind, Update
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, REPORT

WORSE = replace(REPORT, conditions="Two in three card payments fail.")


async def test_the_first_update_is_the_first_notice(desk: Desk) -> None:
    key = (await declared(desk)).key

    assert (await drafted(desk, key)).update.kind is Kind.FIRST
    assert (await drafted(desk, key, WORSE)).update.kind is Kind.FIRST


async def test_another_report_is_an_update(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)

    update = (await drafted(desk, key, WORSE)).update

    assert (update.kind, update.severity_was, update.unchanged_since) == (Kind.UPDATE, None, None)


async def test_the_same_report_and_status_are_no_change_since_they_were_told(
    desk: Desk, clock: HeldClock
) -> None:
    key = (await declared(desk)).key
    told_at = (await sent(desk, key)).update.drafted_at

    for _ in range(2):
        clock.advance(timedelta(minutes=15))
        repeated = (await sent(desk, key)).update
        assert repeated.kind is Kind.NO_CHANGE
        assert repeated.unchanged_since == told_at


async def test_the_report_carried_forward_is_no_change(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)
    ask = (await seen(desk, lambda scene: scene.book.asks.of(key)))[0]
    await desk.do(take, ADA, "teams", ask.id)

    carried = await seen(desk, opening, key)

    assert carried != REPORT
    assert (await drafted(desk, key, carried)).update.kind is Kind.NO_CHANGE


async def test_a_new_need_is_a_change(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)

    asked = replace(REPORT, needs=(*REPORT.needs, Need(text="A second pair of eyes")))

    assert (await drafted(desk, key, asked)).update.kind is Kind.UPDATE


async def test_another_status_is_a_change(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)

    assert (await drafted(desk, key, status=Status.IDENTIFIED)).update.kind is Kind.UPDATE


async def test_a_severity_that_changed_is_told_from_what_it_was(desk: Desk) -> None:
    key = (await declared(desk, severity=Severity.SEV2)).key
    await sent(desk, key)
    await desk.do(change_severity, ADA, "teams", key, Severity.SEV1)

    update = (await sent(desk, key)).update

    assert (update.kind, update.severity_was, update.severity) == (
        Kind.SEVERITY,
        Severity.SEV2,
        Severity.SEV1,
    )
    assert (await drafted(desk, key)).update.kind is Kind.NO_CHANGE


async def test_a_severity_that_changes_makes_an_open_draft_tell_of_it(desk: Desk) -> None:
    key = (await declared(desk, severity=Severity.SEV2)).key
    await sent(desk, key)
    await drafted(desk, key, WORSE)

    await desk.do(change_severity, ADA, "teams", key, Severity.SEV1)

    assert (await _open(desk, key)).kind is Kind.SEVERITY
    await desk.do(change_severity, ADA, "teams", key, Severity.SEV2)
    assert (await _open(desk, key)).kind is Kind.UPDATE


async def test_the_end_is_told_as_the_end_whatever_else_changed(desk: Desk) -> None:
    key = (await declared(desk, severity=Severity.SEV2)).key
    await sent(desk, key)
    await desk.do(change_severity, ADA, "teams", key, Severity.SEV3)

    assert (await desk.do(resolve, ADA, "teams", key)).update.kind is Kind.RESOLVED


async def test_an_incident_that_ends_before_anybody_was_told_is_told_as_ended(desk: Desk) -> None:
    key = (await declared(desk)).key

    assert (await desk.do(resolve, ADA, "teams", key)).update.kind is Kind.RESOLVED


async def test_a_review_is_told_as_one(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)
    await approved(desk, await desk.do(resolve, ADA, "teams", key))
    await desk.do(change_status, ADA, "teams", key, Status.REVIEWED)

    with pytest.raises(Invalid, match="where the review can be read") as caught:
        await drafted(desk, key)
    assert caught.value.pointer == "/review_url"
    report = replace(REPORT, review_url="https://wiki.example.org/reviews/1")
    update = (await drafted(desk, key, report)).update

    assert update.kind is Kind.REVIEW
    assert update.promises == {}


async def test_a_correction_stays_one_though_it_repeats_the_report(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)

    assert (await drafted(desk, key, corrects=1)).update.kind is Kind.CORRECTION


async def test_what_an_update_is_survives_its_keeping(desk: Desk) -> None:
    key = (await declared(desk, severity=Severity.SEV2)).key
    await sent(desk, key)
    await desk.do(change_severity, ADA, "teams", key, Severity.SEV1)
    update = (await sent(desk, key)).update

    kept = await seen(desk, lambda scene: scene.book.updates.get(key, 2))

    assert replace(kept, approvals=()) == replace(update, approvals=())


async def _open(desk: Desk, key: str) -> Update:
    update = await seen(desk, open_draft, key)
    assert update is not None
    return update
