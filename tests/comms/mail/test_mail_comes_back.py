"""Mail through a real Postfix that cannot deliver it: what it returns is known and judged."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from comms.acts.bounces import take_back
from comms.channels.mail.postmark import ReturnPath, return_path
from comms.channels.mail.returned import Returned, Verdict, read
from comms.delivery import Delivery, DeliveryState, Reason
from comms.desk import Desk, Scene
from comms.ledger import Filter
from comms.people import SITREP
from comms.recipient import Recipient
from comms.testing import HeldClock
from storage.database import Database
from tests.acting import declared, seen, sent
from tests.comms.mail.returning import OUR_DOMAIN, Returning, returning
from tests.comms.mail.sending import STATEMENT, sending
from tests.contracts.ledgers import LedgerBench, SqlShelf, outcomes

GONE, FULL, HERE = "gone@fabrikam.example", "full@fabrikam.example", "here@fabrikam.example"
SAYS = {GONE: "550 5.1.1 No such user here", FULL: "452 4.2.2 Mailbox full"}
MARKED = return_path(f"bounces+{{token}}@{OUR_DOMAIN}", option="X")
PLAIN = return_path(f"bounces@{OUR_DOMAIN}", option="X")


@pytest.fixture
async def deliveries(desk: Desk, database: Database, clock: HeldClock) -> Sequence[Delivery]:
    """Three mails of an update, claimed and not yet sent."""

    def fill(scene: Scene) -> None:
        people = [Recipient(email=address) for address in (GONE, FULL, HERE)]
        scene.book.recipients.replace("stakeholders", people)

    await desk.do(fill, SITREP, "api")
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=("stakeholders",))
    bench = LedgerBench(SqlShelf(database), clock)
    claim, step = await bench.begun()
    await bench.advance(claim, *outcomes(step.deliveries, DeliveryState.ACCEPTED))
    return step.deliveries


async def came_back(
    desk: Desk, postfix: Returning, deliveries: Sequence[Delivery], path: ReturnPath
) -> list[tuple[str, tuple[Returned, ...]]]:
    """Send through Postfix; return where each report went, and what it says."""
    postfix.says = SAYS
    async with sending(postfix.relay(), postmarks=desk.house.postmarks, back_to=path) as transport:
        told = await transport.send(STATEMENT, deliveries)
    assert {one.state for one in told} == {DeliveryState.ACCEPTED}
    return [(to, read(raw)) for to, raw in await postfix.returned(2)]


@pytest.mark.parametrize("path", [MARKED, PLAIN], ids=["a path each", "one path"])
async def test_postfix_returns_what_cannot_be_delivered_and_each_letter_is_known(
    desk: Desk, deliveries: Sequence[Delivery], path: ReturnPath
) -> None:
    async with returning() as postfix:
        back = await came_back(desk, postfix, deliveries, path)

    reports = [one for _to, said in back for one in said]
    assert sorted(one.verdict for one in reports) == [Verdict.HARD, Verdict.SOFT]
    numbers = {to.address: to.id for to in deliveries}
    assert {one.marks[0].delivery for one in reports} == {numbers[GONE], numbers[FULL]}
    marks = {desk.house.postmarks.of(one) for one in deliveries}
    paths = {path.of(mark) for mark in marks}
    assert {to for to, _said in back} <= paths

    await desk.do(take_back, SITREP, "mail", reports)

    rows = await seen(desk, lambda scene: scene.book.fanouts.rows("INC-1", Filter()))
    assert {row.address: (row.state, row.reason) for row in rows} == {
        GONE: (DeliveryState.REJECTED, Reason.BOUNCED),
        FULL: (DeliveryState.REJECTED, Reason.BOUNCED),
        HERE: (DeliveryState.ACCEPTED, None),
    }
    held = await seen(
        desk, lambda scene: scene.book.suppressions.held(after="", limit=9, now=scene.now)
    )
    assert [(one.address, one.reason) for one in held] == [(GONE, Reason.BOUNCED)]
    assert "550 5.1.1 No such user here" in held[0].evidence
