"""'I have seen this': who says it counts once, by however many ways they were told."""

from __future__ import annotations

import pytest

from comms.acts.acknowledging import acknowledge
from comms.desk import Desk, Scene
from comms.errors import NotFound
from comms.ledger import Filter
from comms.people import Person
from comms.plan.model import ChannelName
from comms.recipient import Recipient
from tests.acting import declared, seen, sent

READER = Person(name="Recipient")


async def told(desk: Desk) -> list[int]:
    """Send update 1 to one executive and one stakeholder; return the ids of their mails."""

    def fill(scene: Scene) -> None:
        scene.book.recipients.replace("executives", [Recipient(email="exec@x.org", name="Exec")])
        scene.book.recipients.replace("stakeholders", [Recipient(email="holder@x.org")])

    def mailed(scene: Scene) -> list[int]:
        rows = scene.book.fanouts.rows("INC-1", Filter())
        return [row.id for row in rows if row.channel is ChannelName.MAIL]

    await desk.do(fill, READER, "api")
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=("executives", "stakeholders"))
    return await seen(desk, mailed)


async def test_each_person_counts_once_however_often_they_say_so(desk: Desk) -> None:
    mails = await told(desk)
    for delivery in (*mails, *mails):
        await desk.do(acknowledge, READER, "mail", delivery)

    who = await seen(desk, lambda scene: scene.book.sightings.acknowledged("INC-1", 1))

    assert sorted((person.email, person.name) for person in who) == [
        ("exec@x.org", "Exec"),
        ("holder@x.org", "holder@x.org"),
    ]


async def test_what_was_never_delivered_cannot_be_seen(desk: Desk) -> None:
    with pytest.raises(NotFound, match="not in the ledger any more"):
        await desk.do(acknowledge, READER, "mail", 4711)
