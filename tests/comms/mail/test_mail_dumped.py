"""2,000 letters as a relay got them: parsed strictly, each whole, each its own reader's."""

from __future__ import annotations

import email
import email.policy
import re
import tempfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from comms.channels.mail.relay import Relay, Tls
from comms.channels.mail.transport import MailTransport
from comms.delivery import Delivery, DeliveryState
from comms.testing.clock import HeldClock
from tests.comms.mail.letters import NOW, SENDER, letter
from tests.comms.mail.sinks import dumped, sink

COUNT = 2_000
NAMES = ("", "Kim Berger", "Jörg Müßig", 'O\'Neil, "Pat"', "山田 太郎", "محمد علي", "A" * 60)
ZONES = ("", "Europe/Zurich", "Asia/Tokyo", "America/St_Johns")
STRICT = email.policy.SMTP.clone(raise_on_defect=True, max_line_length=998)


def reader(number: int) -> Delivery:
    """One of many readers, as different as they may be."""
    return Delivery(
        id=number,
        key=f"INC-41:3:customers:mail:{number}",
        address=f"reader{number}@fabrikam.example",
        name=NAMES[number % len(NAMES)],
        time_zone=ZONES[number % len(ZONES)],
    )


def own_links(to: Delivery) -> dict[str, str]:
    """Links with a token that nobody else has."""
    return {
        name: f"https://sitrep.contoso.example/{name}/t-{to.id}-{'x.' * (to.id % 40)}z?a=1&b=2"
        for name in ("seen", "manage", "unsubscribe")
    }


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where letters are dumped. Not in pytest's folder: smtp-sink's own user cannot look into it,
    and each process of pytest keeps its own closed."""
    with tempfile.TemporaryDirectory(prefix="sitrep-dumped-") as name:
        taken = Path(name, "taken")
        taken.mkdir()
        yield taken


async def test_each_of_2000_dumped_letters_is_whole_and_its_own_readers(folder: Path) -> None:
    readers = [reader(number) for number in range(COUNT)]

    async with sink(folder=folder) as port:
        to = Relay(host="127.0.0.1", port=port, tls=Tls.NONE, connections=4)
        transport = MailTransport(to, sender=SENDER, links=own_links, clock=HeldClock(NOW))
        outcomes = await transport.send(letter("customers"), readers)
        await transport.close()

    assert {outcome.state for outcome in outcomes} == {DeliveryState.ACCEPTED}
    found = [_unwrapped(dump) for dump in dumped(folder)]
    assert len(found) == len(set(found)) == COUNT
    letters = {parsed["To"].addresses[0].addr_spec: parsed for parsed in map(_whole, found)}
    assert letters.keys() == {one.address for one in readers}
    for one in readers:
        _is_its_own(letters[one.address], one)


def _unwrapped(dump: bytes) -> bytes:
    """The letter without what smtp-sink puts before it, with the line ends that it had."""
    lines = dump.split(b"\n")
    begins = next(at for at, line in enumerate(lines) if line.startswith(b"To: "))
    return b"\r\n".join(lines[begins:])


def _whole(source: bytes) -> EmailMessage:
    """Parse strictly."""
    lines = source.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    head, _, body = source.partition(b"\r\n\r\n")
    assert source.isascii()
    assert b"\r" not in source.replace(b"\r\n", b"")
    assert b"\x7f" not in source
    assert max(map(len, body.split(b"\r\n"))) <= 76
    # A token in a URL cannot be folded; all else is.
    folded = (line for line in head.split(b"\r\n") if b"https://" not in line)
    assert max(map(len, folded)) <= 78
    parsed = email.message_from_bytes(source, policy=STRICT)
    assert isinstance(parsed, EmailMessage)
    assert [part.defects for part in parsed.walk()] == [[], [], []]
    for header in parsed.values():
        assert not header.defects
    return parsed


def _is_its_own(parsed: EmailMessage, one: Delivery) -> None:
    assert parsed["To"].addresses[0].display_name == one.name
    for subtype in ("plain", "html"):
        part = parsed.get_body((subtype,))
        assert part is not None
        text = part.get_content()
        assert set(re.findall(r"/t-(\d+)-", text)) == {str(one.id)}
        assert "{{" not in text
        assert "{%" not in text
        assert "\x7f" not in text
        assert "sitrep:" not in text
    assert f"/t-{one.id}-" in parsed["List-Unsubscribe"]
