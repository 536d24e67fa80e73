"""Bad addresses and names, from the file to the wire: refused or encoded, never injected."""

from __future__ import annotations

import csv
import io
import re
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.api.recipient_file import read_csv
from comms.channels.mail.address import addr_spec
from comms.channels.mail.message import Letter
from comms.delivery import Delivery, DeliveryState, Reason
from comms.errors import Invalid
from comms.recipient import Recipient, Refused, sorted_out
from tests.comms.mail.letters import LINKS, NOW, SENDER, letter
from tests.comms.mail.relays import Relayed, serving
from tests.comms.mail.sending import sent

STATEMENT = letter("stakeholders")
LETTER = Letter(STATEMENT, sender=SENDER, at=NOW)
RCPT = re.compile(rb"[!-;=?A-Z\[-~]+@[A-Za-z0-9.-]+")
"""What may stand between the angle brackets of RCPT: no blank, no control, no other bracket."""

EVIL = (
    "\r\n", "\n", "\r", " ", "\t", '"', "'", "\\", "<", ">", "(", ")", ",", ";", ":", "@", ".", "%",
    "\x00", "\x1b[31m", "\x7f", "\x7f=seen\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800",
    "Bcc: all@fabrikam.example", "\r\n.\r\n", "RCPT TO:<b@x.org>", "=?utf-8?q?=0D=0ABcc=3A?=",
    "{{ 7 * 7 }}", "<script>", "bücher", "日本", "🙂", "a", "x" * 64, "x" * 320, "@x.org",
    "@bücher.example",
)  # fmt: skip
TYPED = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(EVIL), max_size=6).map("".join))
ADDRESSES = st.one_of(TYPED, TYPED.map(lambda local: f"{local}@x.org"))


def imported(email: str, name: str) -> tuple[list[Recipient], list[Refused]]:
    """What a CSV file with this one line makes of it."""
    text = io.StringIO()
    csv.writer(text).writerows([("email", "name"), (email, name)])
    refused: list[Refused] = []
    raw = text.getvalue().encode("utf-8", "surrogatepass")
    return [*sorted_out(read_csv(io.BytesIO(raw), refused), refused)], refused


def letters_of(name: str) -> str:
    """What people read of a name."""
    return "".join(char for char in name if char.isalnum())


def headers(raw: bytes) -> EmailMessage:
    """The letter, read as strictly as Python reads one."""
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


PLAIN = headers(LETTER.filled(Delivery(id=1, key="k", address="kim@x.org", name="Kim"), LINKS))


@given(email=ADDRESSES, name=TYPED)
@example(email="kim@x.org", name="\r\nBcc: all@fabrikam.example")
@example(email="kim@x.org\r\nBcc: all@fabrikam.example", name="Kim")
@example(email='"kim lee"@x.org', name='"; DROP')
@example(email="kim@bücher.example", name="Kím <lee@x.org>")
@example(email="=??Q?=00@x.org", name="")
@example(email="a" * 320 + "@x.org", name="")
def test_whatever_stands_in_a_file_adds_no_header_and_no_recipient(email: str, name: str) -> None:
    people, refused = imported(email, name)

    assert len(people) <= 1
    assert people or refused or not (email.strip() or name.strip())
    for person in people:
        delivery = Delivery(id=1, key="k", address=person.email, name=person.name)
        try:
            rcpt = addr_spec(person.email).encode()
        except Invalid:
            assert not person.email.isascii()  # a relay without SMTPUTF8 cannot carry it
            continue
        assert RCPT.fullmatch(rcpt)
        read = headers(LETTER.filled(delivery, LINKS))
        assert read.keys() == PLAIN.keys()
        to = read["To"]
        assert isinstance(to, AddressHeader)
        assert [one.addr_spec for one in to.addresses] == [rcpt.decode()]
        # Where a long name is folded, a reader may take a blank for the fold's.
        assert letters_of(to.addresses[0].display_name) == letters_of(person.name)


@pytest.mark.parametrize(
    "address",
    [
        "kim@x.org\r\nRCPT TO:<all@x.org>",
        "kim@x.org> NOTIFY=NEVER",
        "<kim@x.org>",
        '"kim lee"@x.org',
        "kim lee@x.org",
        "kim@x.org,all@x.org",
        "k" * 320 + "@x.org",
        "kim@" + "x" * 320,
        "kim@x.org\x00",
        "=??Q?=0D=0A@x.org",
        "",
    ],
)
async def test_what_got_past_an_older_import_never_reaches_the_relay(address: str) -> None:
    people = [
        Delivery(id=1, key="bad", address=address),
        Delivery(id=2, key="good", address="lee@bücher.example", name="Lee"),
    ]
    async with serving(Relayed()) as relayed:
        outcomes = await sent(relayed, people)

    assert (outcomes[1].state, outcomes[1].reason) == (
        DeliveryState.REJECTED,
        Reason.ADDRESS_INVALID,
    )
    assert address not in outcomes[1].detail or not address
    assert outcomes[2].state is DeliveryState.ACCEPTED
    assert relayed.recipients == ["lee@xn--bcher-kva.example"]
