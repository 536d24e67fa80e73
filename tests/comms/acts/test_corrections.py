"""A wrong update is stopped, and corrected for exactly those whom it reached."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comms.acts.deliveries import cancel
from comms.bell import Bell
from comms.delivery import Delivery, DeliveryState, LedgerRow, Outcome, Reason
from comms.desk import Desk, Scene
from comms.errors import Conflict, Invalid
from comms.fanout import Runner, Slots
from comms.ledger import Filter
from comms.plan.model import ChannelName
from comms.recipient import Recipient
from comms.routes import only
from comms.testing import FakeTransport, HeldClock
from comms.testing.transport import Rule
from comms.update import Kind
from storage.database import Database
from storage.ledger import SqlLedger
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, REPORT

AUDIENCE = "stakeholders"
RIGHT = replace(REPORT, conditions="Half of the card payments fail.")
PEOPLE = ("ann@x.org", "bob@x.org", "cyd@x.org")


async def test_a_correction_reaches_exactly_those_who_got_the_wrong_one(
    desk: Desk, runner: Runner, mail: FakeTransport
) -> None:
    await listed(desk, *PEOPLE)
    key = (await declared(desk)).key
    mail.rule = all_but("bob@x.org")
    await sent(desk, key, audiences=[AUDIENCE])
    await runner.run_until_idle()
    await listed(desk, *PEOPLE, "new@x.org")
    mail.sent.clear()

    preview = await drafted(desk, key, RIGHT, corrects=1)
    assert preview.update.kind is Kind.CORRECTION
    assert preview.update.audiences == (AUDIENCE,)
    assert preview.estimates[AUDIENCE].recipients == 2
    await approved(desk, preview)
    await runner.run_until_idle()

    assert mail.addresses == ["ann@x.org", "cyd@x.org"]


async def test_a_correction_first_stops_what_is_not_sent_yet(
    desk: Desk, runner: Runner, mail: FakeTransport
) -> None:
    await listed(desk, *PEOPLE)
    key = (await declared(desk)).key
    await sent(desk, key, audiences=[AUDIENCE])

    await sent(desk, key, RIGHT, corrects=1)
    await runner.run_until_idle()

    assert mail.addresses == []
    assert await states(desk, key, 1) == [DeliveryState.CANCELLED] * 3
    assert await states(desk, key, 2) == []


async def test_a_correction_is_for_audiences_of_the_wrong_update(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key, audiences=[AUDIENCE])

    with pytest.raises(Invalid, match="did not go to executives") as caught:
        await drafted(desk, key, RIGHT, corrects=1, audiences=[AUDIENCE, "executives"])

    assert caught.value.pointer == "/audiences/1"


async def test_a_stopped_update_leaves_nothing_to_send_and_says_so(
    desk: Desk, runner: Runner, mail: FakeTransport
) -> None:
    await listed(desk, *PEOPLE)
    key = (await declared(desk)).key
    await sent(desk, key, audiences=[AUDIENCE])

    assert await desk.do(cancel, ADA, "teams", key, 1) == 3
    assert await desk.do(cancel, ADA, "teams", key, 1) == 0
    await runner.run_until_idle()

    assert mail.addresses == []
    told = [entry.text for entry in await seen(desk, lambda s: s.book.timeline.of(key))]
    assert told.count("Ada Lovelace stopped update 1: 3 are not sent") == 1


async def test_a_draft_cannot_be_stopped(desk: Desk) -> None:
    key = (await declared(desk)).key
    await drafted(desk, key)

    with pytest.raises(Conflict, match="has not been sent"):
        await desk.do(cancel, ADA, "teams", key, 1)


@pytest.fixture
def mail() -> FakeTransport:
    return FakeTransport()


@pytest.fixture
def runner(database: Database, clock: HeldClock, mail: FakeTransport) -> Runner:
    return Runner(
        channel=ChannelName.MAIL,
        routes=only(mail),
        ledger=SqlLedger(database),
        clock=clock,
        bell=Bell(),
        owner="test",
        slots=Slots(),
    )


def all_but(address: str) -> Rule:
    def rule(delivery: Delivery) -> Outcome:
        if delivery.address == address:
            return Outcome(
                delivery=delivery.id,
                state=DeliveryState.REJECTED,
                reason=Reason.MAILBOX_UNKNOWN,
            )
        return Outcome(delivery=delivery.id, state=DeliveryState.ACCEPTED)

    return rule


async def listed(desk: Desk, *emails: str) -> None:
    people = [Recipient(email=email) for email in emails]
    await desk.do(lambda scene: scene.book.recipients.replace(AUDIENCE, people), ADA, "api")


async def states(desk: Desk, key: str, number: int) -> list[DeliveryState]:
    def look(scene: Scene) -> tuple[LedgerRow, ...]:
        return scene.book.fanouts.rows(key, Filter(update=number))

    return [row.state for row in await seen(desk, look)]
