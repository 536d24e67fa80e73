"""What comes back of letters: delivery reports (RFC 3464) and complaints (RFC 5965), read strictly.

Whatever is neither is nobody's bounce: an answer, an out-of-office note, garbage. Nothing in a
message is believed but the postmarks of letters (`postmark`), which only their readers can know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from enum import StrEnum
from hashlib import sha256

import structlog

from comms.channels.mail.postmark import Mark, marks_in

log = structlog.get_logger()

LIMIT = 1024 * 1024
"""Octets of a message that are looked at: reports come first in it, the returned letter behind."""

MOST_MARKS = 8
MOST_REPORTS = 20
DETAIL = 200

_SENT_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
"""Where the return path of a letter stands in what came back along it."""

_ANSWERS = ("In-Reply-To", "References")
_STATUSES = ("message/delivery-status", "message/global-delivery-status")
_FEEDBACK = "message/feedback-report"
_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})
_LETTERS = (
    "message/rfc822",
    "message/global",
    "message/rfc822-headers",
    "message/global-headers",
    "text/rfc822-headers",
)
_MARKED = {
    **dict.fromkeys(_STATUSES, ("Original-Envelope-Id",)),
    **dict.fromkeys(_LETTERS, ("Message-ID", "Return-Path")),
    _FEEDBACK: ("Original-Mail-From",),
}
"""Where else a postmark stands: header fields by the kind of part."""

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REFUSED = re.compile(r"5\d\d (5\.\d{1,3}\.\d{1,3})(?![\d.])")
_REFUSED_ADDRESS = re.compile(r"\b55[013]\b")


class Verdict(StrEnum):
    """What a report says of a letter.

    HARD: it can never be delivered to this address. SOFT: it was not, and another may be.
    """

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    DELAYED = "delayed"
    DELIVERED = "delivered"


@dataclass(frozen=True, kw_only=True)
class Returned:
    """One thing that a report says of one letter.

    `id` is equal whenever the same report is read again. `marks` are what looked like a postmark;
    `receipt` and `recipient` are the relay's own name of the letter and its address, for reports of
    a service that we have authenticated. `detail` is what the far server said, short.
    """

    id: str
    verdict: Verdict
    detail: str = ""
    marks: tuple[Mark, ...] = ()
    receipt: str = ""
    recipient: str = ""


def read(raw: bytes) -> tuple[Returned, ...]:
    """Return what a message that came back says; nothing for any other message."""
    try:
        return tuple(_read(raw[:LIMIT]))
    except Exception as garbage:  # noqa: BLE001 (the email package raises what it likes over it)
        log.info("bounces.garbled", why=type(garbage).__name__)
        return ()


def says_no_such_address(refusal: str) -> bool:
    """True where a server's reply to a recipient ('550 5.1.1 …') says that the address is no more.

    Without a status code of RFC 3463 nobody knows: 550 alone may be a policy, or a relay that does
    not serve us. 5.0.0 says nothing, and Postfix says 5.1.0 of senders too.
    """
    found = _REFUSED.match(refusal)
    if found is None or found[1].startswith("5.0.") or found[1] == "5.1.0":
        return False
    return _failure(found[1], "") is Verdict.HARD


def _read(raw: bytes) -> Iterator[Returned]:
    message = message_from_bytes(raw)
    parts = list(_parts(message))
    said = list(_said(parts))[:MOST_REPORTS]
    if not said:
        return
    marks = tuple(dict.fromkeys(_marks(message, parts)))[:MOST_MARKS]
    name = str(message.get("Message-ID", "")).strip() or sha256(raw).hexdigest()
    for number, (verdict, detail) in enumerate(said):
        # All that follows from it is in its name: nobody hides a report behind one sent before.
        told = repr((name, number, verdict.value, detail, marks))
        yield Returned(
            id=sha256(told.encode("utf-8", "replace")).hexdigest()[:40],
            verdict=verdict,
            detail=detail,
            marks=marks,
        )


def _said(parts: Iterable[Message]) -> Iterator[tuple[Verdict, str]]:
    for part in parts:
        if part.get_content_type() in _STATUSES:
            _about_all, *recipients = _blocks(part) or [Message()]
            for block in recipients:
                verdict = _verdict(block)
                if verdict is not None:
                    yield verdict, _detail(block)
        elif part.get_content_type() == _FEEDBACK:
            for block in _blocks(part)[:1]:
                kind = _field(block, "Feedback-Type").casefold()
                if kind in _COMPLAINTS:
                    by = _field(block, "User-Agent") or "a mailbox provider"
                    yield Verdict.COMPLAINT, f"{kind}, says {by}"[:DETAIL]


def _parts(message: Message) -> Iterator[Message]:
    """The message and its parts, but nothing of a letter that it carries."""
    yield message
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _parts(part)


def _marks(message: Message, parts: Iterable[Message]) -> Iterator[Mark]:
    for name in _SENT_TO:
        yield from _marks_of(message, name)
    for part in parts:
        names = _MARKED.get(part.get_content_type(), ()) if part is not message else ()
        for block in _blocks(part)[:1] if names else ():
            for name in names:
                yield from _marks_of(block, name)
    # Exchange answers a letter where it leaves out the letter itself.
    for name in _ANSWERS:
        yield from _marks_of(message, name)


def _marks_of(message: Message, name: str) -> Iterator[Mark]:
    for value in message.get_all(name, [])[:MOST_MARKS]:
        yield from marks_in(str(value)[:2000])


def _blocks(part: Message) -> list[Message]:
    """The groups of header fields that a part holds, as RFC 3464 and RFC 5965 write them."""
    held = part.get_payload()
    if isinstance(held, str):
        return [message_from_string(group) for group in _groups(held)]
    blocks = [one for one in held if isinstance(one, Message)] if isinstance(held, list) else []
    if part.get_content_type() == _STATUSES[1] and len(blocks) == 1:
        rest = blocks[0].get_payload()
        more = _groups(rest) if isinstance(rest, str) else []
        return [blocks[0], *(message_from_string(group) for group in more)]
    return blocks


def _groups(text: str) -> list[str]:
    return [group for group in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if group]


def _field(block: Message, name: str) -> str:
    value = str(block.get(name, ""))
    return " ".join("".join(char if char.isprintable() else " " for char in value[:2000]).split())


def _verdict(block: Message) -> Verdict | None:
    match _field(block, "Action").partition(" ")[0].casefold():
        case "failed":
            return _failure(_field(block, "Status"), _field(block, "Diagnostic-Code"))
        case "delayed":
            return Verdict.DELAYED
        case "delivered":
            return Verdict.DELIVERED
        case _:
            return None  # relayed and expanded: nobody knows what becomes of it


def _failure(status: str, diagnostic: str) -> Verdict:
    """Hard where the address is to blame; soft where the mailbox, the letter or we are.

    Codes: RFC 3463 and its IANA registry; Exchange's own in "Email non-delivery reports and SMTP
    errors in Exchange Online" (learn.microsoft.com).
    """
    found = _STATUS.search(status)
    if found is None or found.groups() == ("5", "0", "0"):
        found = _STATUS.search(diagnostic) or found
    if found is None:
        return Verdict.HARD if _REFUSED_ADDRESS.search(diagnostic) else Verdict.SOFT
    kind, subject, detail = (int(part) for part in found.groups())
    if kind != 5:
        return Verdict.SOFT
    match subject, detail:
        case (1, 7 | 8):  # our address, not theirs
            return Verdict.SOFT
        case (0 | 1, _) | (2, 0 | 1 | 4) | (4, 1 | 4 | 310):
            return Verdict.HARD
        case _:  # a full mailbox, an expired or a looping letter, its size, its content, a policy
            return Verdict.SOFT


def _detail(block: Message) -> str:
    status, said = _field(block, "Status"), _field(block, "Diagnostic-Code")
    said = said.partition(";")[2].strip() or said
    return " ".join(part for part in (status if status not in said else "", said) if part)[:DETAIL]
