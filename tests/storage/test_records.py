"""Records: what acts have left in the database, of each incident its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comms.acts.acknowledging import acknowledge
from comms.acts.deliveries import cancel
from comms.delivery import DeliveryState
from comms.desk import Desk, Scene
from comms.errors import NotFound
from comms.ledger import Filter
from comms.promise import PromiseState
from comms.recipient import Recipient
from comms.record import Reach, Record
from comms.testing import HeldClock
from comms.testing.clock import MONDAY
from storage.records import SqlRecords
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, BEN, CAS

MINUTE = timedelta(minutes=1)


async def read(desk: Desk, key: str) -> Record:
    return await seen(desk, lambda scene: scene.book.records.of(key))


async def people(desk: Desk, audience: str, *emails: str) -> None:
    def act(scene: Scene) -> None:
        scene.book.recipients.replace(audience, [Recipient(email=email) for email in emails])

    await desk.do(act, CAS, "api")


async def test_a_record_holds_what_was_promised_and_what_went_out(
    desk: Desk, clock: HeldClock
) -> None:
    key = (await declared(desk)).key
    clock.advance(7 * MINUTE)
    preview = await drafted(desk, key)
    clock.advance(2 * MINUTE)
    await approved(desk, preview)
    await drafted(desk, key)

    record = await read(desk, key.lower())

    assert (record.incident, record.declared_at, record.resolved_at) == (key, MONDAY, None)
    assert record.audiences == ("responders", "executives", "stakeholders", "customers")
    [one] = record.sent
    assert (one.number, one.drafted_at, one.approved_at) == (1, MONDAY + 7 * MINUTE, clock.now())
    assert one.was_asked
    states = {p.audience: p.state for p in record.promises if p.answered_by == 1}
    assert states["responders"] is PromiseState.MISSED
    assert states["customers"] is PromiseState.KEPT


async def test_an_update_that_nobody_had_to_approve_is_known_as_such(desk: Desk) -> None:
    key = (await declared(desk)).key
    await approved(desk, await drafted(desk, key, audiences=["responders"]), CAS)

    [one] = (await read(desk, key)).sent

    assert not one.was_asked


async def test_what_was_cancelled_or_left_out_was_not_meant(desk: Desk) -> None:
    await people(desk, "executives", "one@example.org", "two@example.org")
    await people(desk, "stakeholders", "two@example.org", "three@example.org")
    key, other = (await declared(desk)).key, (await declared(desk)).key
    await sent(desk, key)
    await approved(desk, await drafted(desk, other, audiences=["executives"]), ADA)
    await desk.do(cancel, BEN, "teams", other, 1)

    record = await read(desk, key)

    assert record.reach["executives"] == Reach(meant=2, accepted=0)
    assert record.reach["stakeholders"] == Reach(meant=1, accepted=0)
    assert (await read(desk, other)).reach == {"executives": Reach()}


async def test_each_person_is_seen_once_an_update(desk: Desk) -> None:
    await people(desk, "executives", "one@example.org", "two@example.org")
    key = (await declared(desk)).key
    await sent(desk, key)
    await sent(desk, key)
    wanted = Filter(audience="executives", state=DeliveryState.PLANNED)
    rows = await seen(desk, lambda scene: scene.book.fanouts.rows(key, wanted))
    first = [row.id for row in rows if row.address == "one@example.org"]

    for delivery in (*first, *first):
        await desk.do(acknowledge, CAS, "mail", delivery)

    assert (await read(desk, key)).seen == {"executives": 2}


async def test_a_period_holds_what_was_declared_in_it_oldest_first(
    desk: Desk, clock: HeldClock
) -> None:
    keys = []
    for _ in range(4):
        keys.append((await declared(desk)).key)
        clock.advance(MINUTE)

    found = await seen(
        desk,
        lambda scene: list(scene.book.records.declared(MONDAY + MINUTE, MONDAY + 3 * MINUTE)),
    )

    assert [record.incident for record in found] == keys[1:3]


async def test_more_incidents_than_fit_into_one_statement_are_all_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlRecords, "at_once", 2)
    keys = [(await declared(desk)).key for _ in range(5)]

    found = await seen(
        desk, lambda scene: list(scene.book.records.declared(MONDAY, MONDAY + MINUTE))
    )

    assert [(record.incident, len(record.promises)) for record in found] == [
        (key, 4) for key in keys
    ]


async def test_an_incident_that_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="INC-99"):
        await read(desk, "INC-99")
