"""A mail server that keeps what it gets: the Inbox of the demo, and the count of what arrived."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.demo.feed import Feed
from bot.demo.tag import Tag
from comms.clock import Clock

KEPT = 2_000
"""How many mails stay readable; the counts go on."""

LARGEST_MAIL = 10 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail as it arrived. `recipients` are the envelope's; `at` is demo time in UTC."""

    id: int
    at: datetime
    recipients: tuple[str, ...]
    sender: str
    to: str
    subject: str
    message_id: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    source: str
    tag: Tag | None


class Catcher:
    """Listens on a free loopback port between `start` and `stop`.

    `received` counts recipients by update and audience (from the mail's X-Sitrep headers);
    `message_ids` counts how often each Message-ID came, so that a duplicate shows.
    """

    def __init__(self, *, clock: Clock, feed: Feed | None = None) -> None:
        self._clock = clock
        self._feed = feed or Feed()
        self._server: asyncio.Server | None = None
        self._last_id = 0
        self.mails: deque[Mail] = deque(maxlen=KEPT)
        self.received: Counter[Tag] = Counter()
        self.message_ids: Counter[str] = Counter()
        self.port = 0

    @property
    def url(self) -> str:
        """What SITREP_SMTP_URL is set to."""
        return f"smtp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Begin to listen; again on the same port after a stop."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening; the mails stay."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def find(self, mail_id: int) -> Mail | None:
        """Return a kept mail."""
        return next((mail for mail in self.mails if mail.id == mail_id), None)

    def clear(self) -> None:
        """Forget everything."""
        self.mails.clear()
        self.received.clear()
        self.message_ids.clear()
        self._feed.touch("mail")

    def _session(self) -> SMTP:
        return SMTP(
            self,
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            hostname="catcher.invalid",
            ident="Sitrep mail catcher",
            loop=asyncio.get_running_loop(),
        )

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Offer PIPELINING: aiosmtpd reads command after command from its buffer (RFC 2920)."""
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail and answer with its number as the queue id."""
        mail = self._read(envelope)
        self.mails.append(mail)
        self.message_ids[mail.message_id] += 1
        if mail.tag:
            self.received[mail.tag] += len(mail.recipients)
        self._feed.touch("mail")
        return f"250 OK queued as {mail.id}"

    def _read(self, envelope: Envelope) -> Mail:
        raw = cast(bytes, envelope.original_content)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self._last_id += 1
        return Mail(
            id=self._last_id,
            at=self._clock.now(),
            recipients=tuple(envelope.rcpt_tos),
            sender=str(message.get("From", envelope.mail_from)),
            to=str(message.get("To", "")),
            subject=str(message.get("Subject", "")),
            message_id=str(message.get("Message-ID", "")),
            text=_body(message, "plain"),
            html=_body(message, "html"),
            headers=tuple((name, str(value)) for name, value in message.items()),
            source=raw.decode(errors="replace"),
            tag=_tag(message),
        )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def _tag(message: EmailMessage) -> Tag | None:
    incident, update, audience = (
        str(message.get(f"X-Sitrep-{name}", "")) for name in ("Incident", "Update", "Audience")
    )
    if not incident or not update.isdecimal() or not audience:
        return None
    return Tag(incident, int(update), audience)
