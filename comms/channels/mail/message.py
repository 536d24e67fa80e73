"""A letter's bytes: built once for all, then filled for each recipient by joining pieces."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial
from typing import NamedTuple

from comms.channels.mail.address import Mailbox, addr_spec, header, named
from comms.channels.mail.placeholders import (
    ATTENDEE,
    BY_MAIL,
    NAMES,
    ORGANISER,
    UNSUBSCRIBE,
    asks,
    settle,
    split,
)
from comms.channels.mail.quoted import quote, quote_open
from comms.channels.mail.thread import digest, root_id, thread_index
from comms.channels.mail.times import is_time, said, zone_of
from comms.delivery import Delivery
from comms.errors import Invalid
from comms.statement import HTML, PLAIN, Statement

_URL = re.compile(r"[!-;=?-~]+")
"""Printable ASCII without the angle brackets that end a URL in a header."""

MarkOf = Callable[[Delivery], str]
"""What tells one delivery's letter from all others."""

LANGUAGES = 256
"""So many are remembered of those that recipients ask for; whoever asks for more is looked up."""

Piece = tuple[bytes, str]
"""A piece of a letter, and the name of the value that follows it ('': none)."""


class Form(NamedTuple):
    """A letter with room for what differs: at these places the values of these names."""

    pieces: tuple[bytes, ...]
    places: tuple[tuple[int, str], ...]

    def filled(self, values: Mapping[str, bytes]) -> list[bytes]:
        """Return the pieces of a whole letter."""
        pieces = list(self.pieces)
        for place, name in self.places:
            pieces[place] = values[name]
        return pieces

    def stuffed(self) -> Form:
        """Return the form of what DATA carries, with the lone dot at the end."""
        return Form((*map(_doubled, self.pieces), b".\r\n"), self.places)


class Mailing:
    """One statement as mail, in each of its languages."""

    def __init__(self, statement: Statement, make: Callable[[Statement], Letter]) -> None:
        """`make` makes the letter of one language."""
        self._statement = statement
        self._make = make
        self._letters: dict[str, Letter] = {}

    def letter(self, language: str) -> Letter:
        """Return the letter for readers of that language (BCP 47; '' is the plan's)."""
        known = self._letters.get(language)
        if known is None:
            version = self._statement.read_in(language)
            known = self._letters.get(version.language) or self._make(version)
            self._letters[version.language] = known
            if len(self._letters) < LANGUAGES:
                self._letters[language] = known
        return known


class Letter:
    """One statement as mail, in its own language.

    Filling it costs a join, not a message library, per recipient.
    """

    def __init__(
        self,
        statement: Statement,
        *,
        sender: Mailbox,
        at: datetime,
        mark: MarkOf = digest,
        home: str = "",
    ) -> None:
        """`at` becomes the Date. `home` is the domain of all Message-IDs ('': the sender's).

        `mark` is a delivery's own part of its Message-ID: the same at every attempt.
        """
        self._statement = statement
        self._sender = sender
        self._domain = home or sender.domain
        self._at = at
        self._mark = mark
        self._times = _times(statement)
        self._others = tuple(media for media in statement.parts if media not in {PLAIN, HTML})
        self._told: dict[tuple[str, Callable[[str], bytes]], dict[str, bytes]] = {}
        parts = statement.parts.values()
        self._asked = frozenset(name for name in NAMES if any(asks(p, name) for p in parts))
        if UNSUBSCRIBE in self._asked:
            self._asked |= {BY_MAIL}
        self._forms: dict[frozenset[str], Form] = {}
        self._stuffed: dict[frozenset[str], Form] = {}

    def filled(self, delivery: Delivery, links: Mapping[str, str]) -> bytes:
        """Return the message for this recipient, with CRLF line ends.

        `links` maps names of `placeholders` to URLs; text about a link that is not in it is left
        out. Invalid for an address, a name or a URL that a message must not carry.
        """
        given = self._asked.intersection(links)
        address = addr_spec(delivery.address, utf8=True)
        values = self._values(delivery, address, given, links, line=quote_open)
        return b"".join(self._form(given).filled(values))

    def data(self, delivery: Delivery, address: str, links: Mapping[str, str]) -> list[bytes]:
        """Return the same as SMTP's DATA carries it (RFC 5321, section 4.5.2): dots at the
        beginning of lines doubled, and the lone dot at the end.

        `address` is the delivery's as `addr_spec` has it. It comes in pieces: nearly all of a
        letter is the same for everybody, and is not copied for each of those who wait.
        """
        given = self._asked.intersection(links)
        form = self._stuffed.get(given)
        if form is None:
            form = self._stuffed[given] = self._form(given).stuffed()
        return form.filled(self._values(delivery, address, given, links, line=_stuffed))

    def _values(
        self,
        delivery: Delivery,
        address: str,
        given: Iterable[str],
        links: Mapping[str, str],
        *,
        line: Callable[[str], bytes],
    ) -> dict[str, bytes]:
        """Return what is filled in; `line` quotes what stands on a source line of its own."""
        domain = self._domain
        values = {
            **self._own_times(delivery.time_zone, line),
            "to": named(delivery.name, address, field="To"),
            "id": f"<{self._mark(delivery)}@{domain}>".encode(),
            "root": root_id(self._statement.thread, address, domain),
        }
        for media in self._others:
            values[f"{media} {ATTENDEE}"] = line(_folded(address))
            values[f"{media} {ORGANISER}"] = line(_folded(self._sender.address))
        for name in given:
            url = links[name]
            if not _URL.fullmatch(url):
                raise Invalid(f"The {name} link is not a URL that a mail may carry.")
            quoted, escaped = line(url), html.escape(url)
            values[name] = url.encode()
            values[f"{PLAIN} {name}"] = quoted
            values[f"{HTML} {name}"] = quoted if escaped == url else line(escaped)
        return values

    def _own_times(self, zone: str, line: Callable[[str], bytes]) -> dict[str, bytes]:
        """Return the values of times as that zone has them; a zone is worked out once."""
        told = self._told.get((zone, line))
        if told is None:
            known = zone_of(zone, self._statement.time_zone)
            told = self._told[zone, line] = {
                f"{media} {name}": line(html.escape(text) if media == HTML else text)
                for media, name in self._times
                for text in (said(name, known, self._statement.language),)
            }
        return told

    def _form(self, given: frozenset[str]) -> Form:
        form = self._forms.get(given)
        if form is None:
            form = self._forms[given] = _form(self._pieces(given))
        return form

    def _pieces(self, given: frozenset[str]) -> list[Piece]:
        boundary = f"=_sitrep_{self._fingerprint()}"
        form = [
            (b"To: ", "to"),
            (b"\r\nMessage-ID: ", "id"),
            (b"\r\nIn-Reply-To: ", "root"),
            (b"\r\nReferences: ", "root"),
            (b"\r\n", ""),
        ]
        if UNSUBSCRIBE in given:
            # RFC 8058 wants one https URL; RFC 2369 has the one that is preferred first.
            form.append((b"List-Unsubscribe: <", UNSUBSCRIBE))
            if BY_MAIL in given:
                form.append((b">,\r\n <", BY_MAIL))
            form.append((b">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", ""))
        form.append((self._constant_headers(boundary), ""))
        for media in (PLAIN, HTML, *self._others):
            opening = f"\r\n--{boundary}\r\nContent-Type: {media}; charset=utf-8\r\n"
            opening += "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            form.append((opening.encode(), ""))
            form += _body(media, settle(self._statement.parts[media], given))
        form.append((f"\r\n--{boundary}--\r\n".encode(), ""))
        return form

    def _constant_headers(self, boundary: str) -> bytes:
        statement, domain = self._statement, self._domain
        message = EmailMessage(policy=SMTP.clone(max_line_length=76))
        message["Date"] = format_datetime(self._at)
        message["Subject"] = statement.subject
        message["Thread-Topic"] = statement.subject
        message["Thread-Index"] = thread_index(statement.thread, domain, self._at)
        # RFC 3834 and MS-OXCMAIL: no out-of-office answers to an incident.
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message["List-Id"] = f"<{statement.audience}.incidents.{domain}>"
        # Which update this is, for whoever sorts, counts or proves what has arrived.
        if statement.update:
            message["X-Sitrep-Incident"] = statement.incident
            message["X-Sitrep-Update"] = str(statement.update)
        else:
            message["X-Sitrep-Bulletin"] = statement.incident
        message["X-Sitrep-Audience"] = statement.audience
        if statement.urgent:
            message["Importance"] = "high"
        message["Content-Language"] = statement.language
        message["MIME-Version"] = "1.0"
        sender = header(self._sender, field="From")
        kind = f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'
        headers = message.as_bytes().removesuffix(b"\r\n")
        return b"From: " + sender + b"\r\n" + headers + kind.encode()

    def _fingerprint(self) -> str:
        # '=_' cannot occur in quoted-printable text, so no body can close the part; the digest
        # only keeps letters apart that are forwarded inside one another.
        parts = self._statement.parts
        return hashlib.sha256((parts[PLAIN] + parts[HTML]).encode()).hexdigest()[:24]


def source(
    statement: Statement,
    delivery: Delivery,
    *,
    sender: Mailbox,
    at: datetime,
    links: Mapping[str, str],
) -> bytes:
    """Return exactly the message that this delivery would be: what a preview shows."""
    letter = Mailing(statement, partial(Letter, sender=sender, at=at)).letter(delivery.language)
    return letter.filled(delivery, links)


def _times(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Return the media type and the name of each time in the statement."""
    return tuple(
        (media, name)
        for media, part in statement.parts.items()
        for name in dict.fromkeys(split(part)[1::2])
        if is_time(name)
    )


def _folded(address: str) -> str:
    """Return a mailto URL on lines that a calendar reads as one (RFC 5545, section 3.1).

    The first of them is begun already, by the space that stands before the token.
    """
    url = f"mailto:{address}"
    return "\n ".join(url[at : at + 70] for at in range(0, len(url), 70))


def _doubled(piece: bytes) -> bytes:
    """Double the dots at the beginning of lines.

    A first dot counts: in a body, what follows a value and the value itself begin a line, and in
    the headers neither begins with a dot.
    """
    first = b"." if piece.startswith(b".") else b""
    return first + piece.replace(b"\r\n.", b"\r\n..")


def _stuffed(text: str) -> bytes:
    return _doubled(quote_open(text))


def _body(media: str, part: str) -> tuple[Piece, ...]:
    *pairs, last = _paired(split(part))
    filled = tuple((quote_open(text), f"{media} {name}") for text, name in pairs)
    return (*filled, (quote(last[0]), ""))


def _paired(pieces: list[str]) -> list[tuple[str, str]]:
    return list(zip(pieces[::2], [*pieces[1::2], ""], strict=True))


def _form(pieces: Iterable[Piece]) -> Form:
    """Join neighbours with no value between them: fewer pieces to put together per recipient."""
    merged: list[bytes] = []
    places: list[tuple[int, str]] = []
    open_piece = b""
    for piece, name in pieces:
        open_piece += piece
        if name:
            places.append((len(merged) + 1, name))
            merged += (open_piece, b"")
            open_piece = b""
    return Form((*merged, open_piece), tuple(places))
