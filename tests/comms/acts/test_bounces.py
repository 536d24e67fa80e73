"""What comes back counts once, for its own delivery and its own address, and only if it is ours."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.acknowledging import acknowledge
from comms.acts.bounces import Taken, lift, take_back
from comms.acts.deliveries import retry
from comms.channels.mail.postmark import Postmarks
from comms.channels.mail.returned import Returned, Verdict, read
from comms.delivery import Delivery, DeliveryState, Reason
from comms.desk import Desk, House, Scene
from comms.errors import Invalid, NotFound
from comms.ledger import Filter
from comms.people import SITREP
from comms.plan.model import ChannelName
from comms.recipient import Recipient
from comms.testing import HeldClock
from comms.unreached import Way, missed
from storage.database import Database
from tests.acting import declared, seen, sent
from tests.comms.mail import reports
from tests.contracts.ledgers import LedgerBench, SqlShelf, outcomes
from tests.house import ADA, REPORT

POSTMARKS = Postmarks(b"k" * 32)
KIM, LEE = "Kim@fabrikam.example", "lee@fabrikam.example"
DAY = timedelta(days=1)
ONCE = Taken(matched=1)
STOPPED = Taken(matched=1, suppressed=1)


@pytest.fixture
def house(house: House) -> House:
    """The house with a key of this test's own."""
    return replace(house, postmarks=POSTMARKS)


@pytest.fixture
async def mails(desk: Desk, database: Database, clock: HeldClock) -> dict[str, Delivery]:
    """What update 1 sent to Kim and Lee, both accepted by the relay."""

    def fill(scene: Scene) -> None:
        people = [Recipient(email=KIM, name="Kim"), Recipient(email=LEE, name="Lee")]
        scene.book.recipients.replace("stakeholders", people)

    await desk.do(fill, SITREP, "api")
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=("stakeholders",))
    bench = LedgerBench(SqlShelf(database), clock)
    return {delivery.address: delivery for delivery in await bench.delivered()}


async def took(desk: Desk, *raws: bytes) -> Taken:
    returned = [one for raw in raws for one in read(raw)]
    return await desk.do(take_back, SITREP, "mail", returned)


async def states(desk: Desk) -> dict[str, tuple[DeliveryState, Reason | None]]:
    rows = await seen(desk, lambda scene: scene.book.fanouts.rows("INC-1", Filter()))
    return {row.address: (row.state, row.reason) for row in rows}


async def held(desk: Desk) -> dict[str, Reason | None]:
    found = await seen(
        desk, lambda scene: scene.book.suppressions.held(after="", limit=99, now=scene.now)
    )
    return {one.address: one.reason for one in found}


BOUNCED = (DeliveryState.REJECTED, Reason.BOUNCED)
ACCEPTED = (DeliveryState.ACCEPTED, None)


async def test_a_hard_bounce_is_in_the_ledger_and_stops_mail_to_its_address(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    assert await took(desk, reports.postfix(POSTMARKS.of(mails[KIM]))) == STOPPED

    assert await states(desk) == {KIM: BOUNCED, LEE: ACCEPTED}
    assert await held(desk) == {KIM.casefold(): Reason.BOUNCED}


async def test_the_totals_of_the_update_move_with_it(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    await took(desk, reports.postfix(POSTMARKS.of(mails[KIM])))

    [totals] = (await seen(desk, lambda s: s.book.fanouts.totals("INC-1", 1))).values()
    assert +Counter(totals) == {DeliveryState.ACCEPTED: 1, DeliveryState.REJECTED: 1}


async def test_a_forged_report_reaches_neither_the_ledger_nor_the_list(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    forged = Postmarks(b"x" * 32).of(mails[KIM])
    moved = POSTMARKS.of(mails[LEE]._replace(id=mails[KIM].id))

    assert await took(desk, reports.postfix(forged), reports.complaint(moved)) == Taken(strangers=2)

    assert await states(desk) == {KIM: ACCEPTED, LEE: ACCEPTED}
    assert not await held(desk)


async def test_a_report_says_nothing_about_an_address_that_it_names_itself(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    raw = reports.postfix(POSTMARKS.of(mails[LEE]))  # whose Final-Recipient is Kim
    assert KIM.casefold().encode() in raw

    await took(desk, raw)

    assert await held(desk) == {LEE: Reason.BOUNCED}


async def test_a_report_that_comes_again_counts_once(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    raw = reports.postfix(POSTMARKS.of(mails[KIM]), status="4.4.7", said="expired")

    assert await took(desk, raw) == ONCE
    assert await took(desk, raw, raw) == Taken(repeated=2)


async def test_one_soft_bounce_is_in_the_ledger_and_stops_nothing(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    assert await took(desk, reports.postfix(POSTMARKS.of(mails[KIM]), status="4.4.7")) == ONCE

    assert await states(desk) == {KIM: BOUNCED, LEE: ACCEPTED}
    assert not await held(desk)


async def test_several_reports_on_one_delivery_are_one_soft_bounce(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    mark = POSTMARKS.of(mails[KIM])
    for number in range(9):
        await took(desk, reports.postfix(mark, status="4.4.7", name=f"{number}@mx"))

    assert not await held(desk)


async def test_a_complaint_stops_mail_though_it_was_delivered(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    assert await took(desk, reports.complaint(POSTMARKS.of(mails[KIM]))) == STOPPED

    assert await states(desk) == {KIM: ACCEPTED, LEE: ACCEPTED}
    assert await held(desk) == {KIM.casefold(): Reason.COMPLAINED}


async def test_what_is_late_changes_nothing(desk: Desk, mails: dict[str, Delivery]) -> None:
    await took(desk, reports.postfix(POSTMARKS.of(mails[KIM]), action="delayed", status="4.4.1"))

    assert await states(desk) == {KIM: ACCEPTED, LEE: ACCEPTED}
    assert not await held(desk)


async def test_an_arrival_clears_the_soft_bounces_before_it(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    await took(desk, reports.postfix(POSTMARKS.of(mails[KIM]), status="4.4.7"))
    await took(desk, reports.postfix(POSTMARKS.of(mails[KIM]), action="delivered", status="2.0.0"))

    assert await seen(desk, lambda scene: scene.book.suppressions.get(KIM)) is None


async def test_whoever_says_that_they_have_seen_it_has_no_soft_bounces(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    await took(desk, reports.postfix(POSTMARKS.of(mails[KIM]), status="4.4.7"))

    await desk.do(acknowledge, SITREP, "mail", mails[KIM].id)

    assert await seen(desk, lambda scene: scene.book.suppressions.get(KIM)) is None


async def test_an_arrival_does_not_lift_a_complaint(desk: Desk, mails: dict[str, Delivery]) -> None:
    mark = POSTMARKS.of(mails[KIM])
    await took(desk, reports.complaint(mark), reports.postfix(mark, action="delivered"))

    assert await held(desk) == {KIM.casefold(): Reason.COMPLAINED}


async def test_the_next_update_leaves_it_out_and_a_resend_does_too(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    await took(desk, reports.postfix(POSTMARKS.of(mails[KIM])))

    assert await desk.do(retry, ADA, "teams", "INC-1", 1) == 0
    await sent(desk, "INC-1", audiences=("stakeholders",))

    rows = await seen(desk, lambda scene: scene.book.fanouts.rows("INC-1", Filter(update=2)))
    assert [(row.address, row.reason) for row in rows] == [(KIM, Reason.BOUNCED), (LEE, None)]


async def test_a_person_lifts_it_and_that_is_audited(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    await took(desk, reports.postfix(POSTMARKS.of(mails[KIM])))

    await desk.do(lift, ADA, "cli", KIM)

    assert not await held(desk)
    deeds = await seen(desk, lambda scene: scene.book.audit.of(f"address:{KIM.casefold()}"))
    assert [(deed.action, deed.by.name) for deed in deeds] == [
        ("suppression.added", SITREP.name),
        ("suppression.lifted", ADA.name),
    ]


async def test_what_is_not_on_the_list_cannot_be_lifted(desk: Desk) -> None:
    with pytest.raises(NotFound, match="not on the suppression list"):
        await desk.do(lift, ADA, "cli", "nobody@x.org")
    with pytest.raises(Invalid, match="not a mail address"):
        await desk.do(lift, ADA, "cli", "no address")


async def test_soft_bounces_of_several_updates_stop_mail_for_a_time(
    desk: Desk, mails: dict[str, Delivery], database: Database, clock: HeldClock
) -> None:
    bench = LedgerBench(SqlShelf(database), clock)
    await took(desk, reports.postfix(POSTMARKS.of(mails[LEE]), status="4.2.2"))
    for day in range(4):
        clock.advance(DAY)
        news = replace(REPORT, conditions=f"Day {day}: card payments still fail.")
        await sent(desk, "INC-1", news, audiences=("stakeholders",))
        again = {one.address: one for one in await bench.delivered()}
        await took(desk, reports.postfix(POSTMARKS.of(again[LEE]), status="4.2.2"))

    assert await held(desk) == {LEE: Reason.BOUNCING}
    clock.advance(7 * DAY)
    assert not await held(desk)


async def test_a_service_that_reports_by_receipt_is_believed_for_that_address_alone(
    desk: Desk, database: Database, clock: HeldClock, mails: dict[str, Delivery]
) -> None:
    one = Returned(id="1", verdict=Verdict.HARD, receipt="nothing", recipient=KIM)

    assert await desk.do(take_back, SITREP, "api", [one]) == Taken(strangers=1)


async def test_who_is_one_of_us_can_be_reached_by_chat(
    desk: Desk, mails: dict[str, Delivery]
) -> None:
    await took(desk, reports.postfix(POSTMARKS.of(mails[KIM])))

    found = await seen(desk, missed, "INC-1", 1)

    [kim] = found.people
    assert (kim.name, kim.why) == ("Kim", "mail came back")
    assert [(way.label, way.url) for way in kim.ways] == [
        ("chat in Teams", "https://teams.microsoft.com/l/chat/0/0?users=Kim%40fabrikam.example")
    ]
    assert found.beyond_resend == 1


async def test_a_customer_whose_mail_came_back_can_read_the_page_if_it_was_drawn(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    def fill(scene: Scene) -> None:
        scene.book.recipients.replace("customers", [Recipient(email=KIM)])

    await desk.do(fill, SITREP, "api")
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=("customers",))
    bench = LedgerBench(SqlShelf(database), clock)
    [mail] = await bench.delivered()
    await took(desk, reports.postfix(desk.house.postmarks.of(mail)))
    before = await seen(desk, missed, "INC-1", 1)
    claim, step = await bench.begun(channel=ChannelName.PAGE)
    await bench.advance(claim, *outcomes(step.deliveries, DeliveryState.ACCEPTED))
    after = await seen(desk, missed, "INC-1", 1)

    assert [one.ways for one in before.people] == [()]
    assert [one.ways for one in after.people] == [(Way(label="can read the status page"),)]
