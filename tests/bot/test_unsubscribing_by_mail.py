"""Unsubscribing by mail: the subject that a letter's mailto link writes, and no other."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from bot.letter_links import letter_links
from bot.links import Links
from bot.unsubscribing import stopped_by_mail
from comms.acts.choices import reader
from comms.choice import Wish
from comms.delivery import Delivery
from comms.desk import Desk, Scene
from comms.ledger import Filter
from comms.people import SITREP
from comms.recipient import Recipient
from tests.acting import declared, seen, sent

LINKS = Links(key=b"a key of this test", base_url="https://sitrep.example")


@pytest.fixture
async def delivery(desk: Desk) -> int:
    """A letter to a customer."""

    def invite(scene: Scene) -> None:
        scene.book.recipients.replace("customers", [Recipient(email="ann@customer.example")])

    await desk.do(invite, SITREP, "cli")
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=["customers"])
    rows = await seen(desk, lambda scene: scene.book.fanouts.rows(incident.key, Filter()))
    return next(row.id for row in rows if "@" in row.address)


async def test_the_mailto_link_of_a_letter_stops_its_reader(desk: Desk, delivery: int) -> None:
    letter = Delivery(id=delivery, key="k", address="ann@customer.example")
    own = letter_links(LINKS, letter, stop_by_mail="Stop <stop@sitrep.example>")
    url = own["unsubscribe_by_mail"]
    address, _, subject = unquote(url).partition("?subject=")

    assert address == "mailto:stop@sitrep.example"
    assert "ann@" not in url
    for written in (subject, f"Re: {subject}"):
        assert await stopped_by_mail(desk, LINKS, written)
    assert (await seen(desk, reader, delivery)).choice.wish is Wish.NOTHING


@pytest.mark.parametrize(
    "subject", ["", "unsubscribe", "unsubscribe 1.forged", "unsubscribe ١.x", "Undeliverable: hi"]
)
async def test_no_other_subject_stops_anybody(desk: Desk, delivery: int, subject: str) -> None:
    assert not await stopped_by_mail(desk, LINKS, subject)
    assert (await seen(desk, reader, delivery)).choice.wish is Wish.EVERY


def test_without_a_mailbox_or_an_address_there_is_no_such_link() -> None:
    letter = Delivery(id=1, key="k", address="ann@customer.example")

    assert "unsubscribe_by_mail" not in letter_links(LINKS, letter)
    nowhere = Links(key=b"k", base_url="")
    assert letter_links(nowhere, letter, stop_by_mail="stop@sitrep.example") == {}
