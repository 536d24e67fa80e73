"""The letter that everybody in the race sends, and to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, make_msgid

from comms.channels.mail.address import Mailbox
from comms.channels.mail.message import source
from comms.channels.mail.placeholders import Link
from comms.clock import SystemClock
from comms.delivery import Delivery
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling
from comms.statement import HTML, PLAIN, Statement

OCTETS = 8 * 1024
SENDER = Mailbox("Contoso incidents", "incidents@contoso.example")
BASE_URL = "https://sitrep.contoso.example"
LINK = f"{BASE_URL}/seen/"
SUBJECT = "[INC-41] Card payments failing"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets the letter, and the link that only they have."""

    name: str
    address: str
    link: str


def readers(count: int) -> Iterator[Reader]:
    """Return so many people, all with names, addresses and links of their own."""
    for number in range(count):
        yield Reader(
            name=f"Reader {number}",
            address=f"reader{number}@fabrikam.example",
            link=f"{LINK}{number}.{number:024d}",
        )


def write(telling: Telling, audience: Audience, _context: Mapping[str, object]) -> Statement:
    """Write the letter in the place of the product's own templates, whose length would differ."""
    return Statement(
        incident=telling.update.incident,
        update=telling.update.number,
        audience=audience.name,
        channel=ChannelName.MAIL,
        subject=SUBJECT,
        parts=PARTS,
        thread=f"{telling.update.incident}:{audience.name}",
    )


def parts_for(reader: Reader) -> tuple[str, str]:
    """Return the text and the HTML with the reader's own link."""
    return tuple(part.replace(Link("seen").url, reader.link) for part in PARTS.values())  # type: ignore[return-value] # two parts


def message(reader: Reader) -> EmailMessage:
    """Return the same letter from the standard library, built for one reader."""
    built = EmailMessage()
    built["From"] = formataddr((SENDER.name, SENDER.address))
    built["To"] = formataddr((reader.name, reader.address))
    built["Subject"] = SUBJECT
    built["Message-ID"] = make_msgid(domain=SENDER.domain)
    built["Auto-Submitted"] = "auto-generated"
    plain, html = parts_for(reader)
    built.set_content(plain, cte="quoted-printable")
    built.add_alternative(html, subtype="html", cte="quoted-printable")
    return built


def sample() -> bytes:
    """Return the product's letter to the first reader, as it leaves."""
    return _source(PARTS)


def _source(parts: Mapping[str, str]) -> bytes:
    (reader,) = readers(1)
    to = Delivery(id=1, key="key", address=reader.address, name=reader.name)
    statement = Statement(
        incident="INC-41",
        update=1,
        audience="stakeholders",
        channel=ChannelName.MAIL,
        subject=SUBJECT,
        parts=parts,
        thread="INC-41:stakeholders",
    )
    links = {"seen": reader.link}
    return source(statement, to, sender=SENDER, at=SystemClock().now(), links=links)


def _parts(padding: int) -> Mapping[str, str]:
    link = Link("seen").url
    line = "Card payments fail for one customer in three; bank transfer works.\n"
    text = (line * (padding // len(line) + 1))[:padding]
    return {
        PLAIN: f"{text[: padding // 4]}\n\n{link}\n",
        HTML: f'<p>{text[padding // 4 :]}</p><a href="{link}">I have seen this</a>',
    }


PARTS = _parts(OCTETS - len(_source(_parts(0))) - 150)
