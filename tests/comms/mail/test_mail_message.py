"""The bytes of a message, read back as a mail client reads them."""

from __future__ import annotations

import base64
import email
import email.header
import email.policy
import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.channels.mail.address import Mailbox, addr_spec, header, mailbox
from comms.channels.mail.message import Letter, source
from comms.channels.mail.quoted import quote, quote_open
from comms.delivery import Delivery
from comms.errors import Invalid
from comms.statement import HTML, PLAIN, Statement
from tests.comms.mail.letters import LINKS, NOW, SENDER, delivery, letter, text_of, told, typed

QUOTED_LINE = 76


def made(
    statement: Statement | None = None,
    to: Delivery | None = None,
    links: dict[str, str] | None = None,
) -> bytes:
    return source(
        statement or letter("stakeholders"),
        to or delivery(),
        sender=SENDER,
        at=NOW,
        links=LINKS if links is None else links,
    )


def read(message: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def body(message: bytes, kind: str) -> str:
    part = read(message).get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def test_both_parts_arrive_as_they_were_written() -> None:
    statement = letter("customers")
    message = made(statement, links={})

    written = text_of("customers")
    assert body(message, "plain").rstrip() == _without_links(written).rstrip()
    assert "Some card payments are declined" in body(message, "html")
    assert read(message).get_content_type() == "multipart/alternative"


def test_a_message_is_addressed() -> None:
    message = read(made())

    assert message["From"] == "Contoso incidents <incidents@contoso.example>"
    assert message["To"] == "Reader 1 <reader1@fabrikam.example>"
    assert message["Subject"] == "[INC-41] Card payments failing"
    assert message["Date"] == "Sat, 21 Nov 2026 14:00:00 +0000"


def test_a_message_says_that_a_machine_wrote_it() -> None:
    message = read(made())

    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Id"] == "<stakeholders.incidents.contoso.example>"
    assert message["Importance"] == "high"
    assert "Importance" not in read(made(letter("customers")))


def test_links_are_the_recipients_own() -> None:
    statement = letter("stakeholders")
    message = made(statement, links={"seen": "https://x.example/s?a=1&b=2&t=" + "q" * 150})

    assert "\nhttps://x.example/s?a=1&b=2&t=" + "q" * 150 + "\n" in body(message, "plain")
    assert 'href="https://x.example/s?a=1&amp;b=2&amp;t=' + "q" * 150 in body(message, "html")
    assert b"\x7f" not in message


def test_text_about_a_link_goes_with_the_link() -> None:
    message = made(links={})

    assert "I have seen this" not in body(message, "plain")
    assert "I have seen this" not in body(message, "html")
    assert b"\x7f" not in message


def test_only_letters_that_can_be_stopped_offer_it() -> None:
    customers = read(made(letter("customers")))

    assert customers["List-Unsubscribe"] == f"<{LINKS['unsubscribe']}>"
    assert customers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in read(made(letter("stakeholders")))
    assert "List-Unsubscribe" not in read(made(letter("customers"), links={}))


def test_a_message_id_outlives_a_retry_and_belongs_to_one_delivery() -> None:
    first = read(made(to=delivery(1)))["Message-ID"]
    again = read(made(to=delivery(1)._replace(attempt=2)))["Message-ID"]
    other = read(made(to=delivery(2)))["Message-ID"]

    assert first == again
    assert first != other
    assert first.endswith("@contoso.example>")


def test_the_updates_of_an_incident_share_a_thread_per_recipient() -> None:
    second = letter("stakeholders", told(number=4))
    threads = [read(made(s)) for s in (letter("stakeholders"), second)]
    stranger = read(made(to=delivery(2)))

    assert len({m["References"] for m in threads}) == 1
    assert len({m["In-Reply-To"] for m in threads}) == 1
    assert threads[0]["References"] == threads[0]["In-Reply-To"]
    assert stranger["References"] != threads[0]["References"]
    assert read(made(letter("executives")))["References"] != threads[0]["References"]


def test_outlook_finds_the_thread() -> None:
    statement = letter("stakeholders")
    later = Letter(statement, sender=SENDER, at=NOW + timedelta(hours=1)).filled(delivery(), {})
    first, second = (base64.b64decode(read(m)["Thread-Index"]) for m in (made(statement), later))

    assert len(first) == 22
    # MS-OXOMSG 2.2.1.3: 0x01, then the upper 40 bits of the FILETIME, then the thread's GUID.
    assert first[0] == 1
    assert first[1:6].hex() == "01dd79c099"
    assert first[6:] == second[6:]
    assert first[1:6] < second[1:6]
    assert read(later)["Thread-Topic"] == statement.subject


@pytest.mark.parametrize("links", [{}, LINKS], ids=["no links", "links"])
@pytest.mark.parametrize("text", ["é" * 10_000, "x" * 10_000, "a b " * 2_500, "=\t \n. \n.." * 800])
def test_no_line_is_longer_than_quoted_printable_allows(text: str, links: dict[str, str]) -> None:
    message = made(letter("stakeholders", typed(text)), links=links)
    _, _, content = message.partition(b"\r\n\r\n")

    assert max(map(len, content.split(b"\r\n"))) <= QUOTED_LINE
    assert message.isascii()
    assert message.count(b"\n") == message.count(b"\r") == message.count(b"\r\n")


@given(st.text(), st.text(max_size=200), st.text())
def test_pieces_quoted_apart_read_as_one_text(before: str, value: str, after: str) -> None:
    from quopri import decodestring

    pieces = [before.replace("\r", ""), value.replace("\r", ""), after.replace("\r", "")]
    pieces = [p.encode(errors="replace").decode() for p in pieces]
    joined = quote_open(pieces[0]) + quote_open(pieces[1]) + quote(pieces[2])

    assert decodestring(joined).replace(b"\r\n", b"\n").decode() == "".join(pieces)
    assert max(map(len, joined.split(b"\r\n"))) <= QUOTED_LINE


def test_dots_are_doubled_wherever_a_line_begins() -> None:
    statement = replace(
        letter("stakeholders"),
        parts={
            PLAIN: "\n.first\n\x7f=seen\x7f.after a value\n..\n",
            HTML: ".\x7f=seen\x7f\x7f=seen\x7f",
        },
    )
    links = {"seen": "." * 200}
    sent = Letter(statement, sender=SENDER, at=NOW)

    lines = b"".join(sent.data(delivery(), delivery().address, links)).split(b"\r\n")
    undone = [line[1:] if line.startswith(b"..") else line for line in lines]
    assert lines[-2:] == [b".", b""]
    assert b"\r\n".join(undone[:-2]) + b"\r\n" == sent.filled(delivery(), links)
    assert not any(line.startswith(b".") and not line.startswith(b"..") for line in lines[:-2])


NAMES = [
    "Ada",
    "Byron, Ada (CFO)",
    'Ada "Countess" Lovelace \\o/',
    "Zoë Müller",
    "<script>alert(1)</script>",
    "ada@evil.example",
    "=?utf-8?q?forged?=",
    "渡辺 " * 30,
    "😀" * 50,
    "a" * 200,
    "שלום \u202e",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_arrives_as_it_was_typed_and_adds_no_address(name: str) -> None:
    value = header(Mailbox(name, "ada@contoso.example"), field="To")

    assert max(map(len, (b"To: " + value).split(b"\r\n"))) <= max(QUOTED_LINE, len(name) + 6)
    assert email.utils.getaddresses([_decoded(value)])[-1][1] == "ada@contoso.example"
    parsed = read(b"To: " + value + b"\r\n\r\n")["To"].addresses
    assert [box.addr_spec for box in parsed] == ["ada@contoso.example"]
    assert _spoken(value) == name


@pytest.mark.parametrize(
    "differs",
    [
        {"name": "Ada\r\nBcc: everyone@contoso.example"},
        {"name": "Ada\nX: y"},
        {"address": "ada@contoso.example\r\nRCPT TO:<eve@evil.example>"},
        {"address": "ada@contoso.example>\r\nDATA"},
        {"address": "ada@contoso.example\n"},
        {"address": "ada contoso.example"},
        {"address": "<ada@contoso.example>"},
        {"address": "ada@contoso.example, eve@evil.example"},
        {"address": "ada@-contoso.example"},
        {"address": "ada..b@contoso.example"},
        {"address": "a" * 65 + "@contoso.example"},
        {"address": "ada@" + "contoso." * 40 + "example"},
        {"address": "ädä b@contoso.example"},
        {"address": "ä\u2028da@contoso.example"},
        {"address": "ä..b@contoso.example"},
        {"address": "ä" * 33 + "@contoso.example"},
        {"address": "ada@xn--.example"},
        {"address": ""},
    ],
)
def test_what_would_break_a_header_or_an_envelope_is_refused(differs: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        made(to=delivery()._replace(**differs))


@pytest.mark.parametrize("url", ["https://x.example/a b", "https://x/\r\nBcc: e@x", "https://x/>"])
def test_a_link_that_would_break_a_header_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        made(letter("customers"), links={"unsubscribe": url})


def test_an_international_domain_travels_in_ascii() -> None:
    assert addr_spec("bob@bücher.example") == "bob@xn--bcher-kva.example"
    assert addr_spec("bob@Straße.example") == "bob@xn--strae-oqa.example"


def test_a_name_beyond_ascii_stands_as_it_is_in_an_address_for_who_takes_it() -> None:
    assert addr_spec("jo\u0308rg@bücher.example", utf8=True) == "jörg@xn--bcher-kva.example"
    with pytest.raises(Invalid):
        addr_spec("jörg@contoso.example")


def test_a_sender_has_a_name_and_an_address() -> None:
    option = "SITREP_MAIL_FROM"

    assert mailbox("Contoso incidents <i@contoso.example>", option=option) == Mailbox(
        "Contoso incidents", "i@contoso.example"
    )
    assert mailbox("i@contoso.example", option=option) == Mailbox("", "i@contoso.example")


@pytest.mark.parametrize(
    "value", ["", "Contoso", "a@x.example, b@x.example", "C\r\nBcc: e@x.example <i@x.example>"]
)
def test_a_sender_that_is_none_names_the_option(value: str) -> None:
    with pytest.raises(Invalid, match="SITREP_MAIL_FROM"):
        mailbox(value, option="SITREP_MAIL_FROM")


@pytest.mark.parametrize("title", ["ü" * 200, "Zahlungen – ausgefallen " * 8, "x" * 190, "😀" * 90])
def test_a_long_subject_folds_and_arrives_whole(title: str) -> None:
    statement = letter("stakeholders", told(title=title))
    message = made(statement)
    headers = message.partition(b"\r\n\r\n")[0]

    assert _text(read(message)["Subject"]) == _text(statement.subject)
    assert max(map(len, headers.split(b"\r\n"))) <= 998
    assert headers.isascii()


def _without_links(part: str) -> str:
    return re.sub(r"\x7f\+(\w+)\x7f\n.*?\x7f-\1\x7f\n", "", part, flags=re.DOTALL)


def _decoded(value: bytes) -> str:
    return str(email.header.make_header(email.header.decode_header(value.decode())))


def _spoken(value: bytes) -> str:
    """The display name as RFC 2047 and RFC 5322 say, without the standard library's phrase parser:
    before 3.12 it kept the fold between two encoded words."""
    text = re.sub(r"\r\n(?= )", "", value.decode())
    name = text[: text.rindex("<")].strip()
    if name.startswith('"'):
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return "".join(
        raw.decode(charset or "ascii") if isinstance(raw, bytes) else raw
        for raw, charset in email.header.decode_header(name)
    )


def _text(value: str) -> str:
    return "".join(str(value).split())


def test_a_letter_has_the_same_id_and_thread_by_whichever_transport_it_leaves() -> None:
    other = replace(SENDER, address="alerts@mail.contoso.example")
    here, there = (
        email.message_from_bytes(
            Letter(letter("customers"), sender=sender, at=NOW, home="contoso.example").filled(
                delivery(), LINKS
            )
        )
        for sender in (SENDER, other)
    )

    assert here["From"] != there["From"]
    for name in ("Message-ID", "References", "Thread-Index", "List-Id"):
        assert here[name] == there[name]
