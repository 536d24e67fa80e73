"""A real SMTP server (aiosmtpd) that refuses, stalls and hangs up as a test tells it to."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from comms.channels.mail.relay import Relay, Tls

OK = "250 2.0.0 Ok"
Answer = Callable[[str], str]
"""What is answered about a recipient; raise HangUp instead to answer nothing at all."""


class HangUp(Exception):
    """The server ends the connection without a word."""


class Silence(Exception):
    """The server answers nothing and keeps the connection."""


@dataclass
class Relayed:
    """The server's side of the story, and its answers."""

    port: int = 0
    pipelining: bool = True
    utf8: bool = False
    largest: int = 33_554_432
    mail: Answer = lambda _sender: OK
    rcpt: Answer = lambda _recipient: OK
    content: Answer = lambda recipient: f"250 2.0.0 Ok: queued as Q{recipient.partition('@')[0]}"
    password: str = ""
    received: list[tuple[str, bytes]] = field(default_factory=list)
    greeted: int = 0
    logins: list[str] = field(default_factory=list)
    quits: int = 0
    connected: int = 0
    most_connected: int = 0
    encrypted: bool = False

    def relay(self, **differs: Any) -> Relay:
        """How a client finds this server."""
        usual = Relay(host="127.0.0.1", port=self.port, tls=Tls.NONE, timeout=30, connections=2)
        return replace(usual, **differs)

    @property
    def recipients(self) -> list[str]:
        """Who was sent something, in order."""
        return [recipient for recipient, _ in self.received]

    # aiosmtpd's hooks.

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.encrypted = _connection(server).get_extra_info("sslcontext") is not None
        self.greeted += 1
        # The first line is the server's name, whatever stands in it.
        host, *extensions = responses
        return [host, "250-PIPELINING", *extensions] if self.pipelining else responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._said(server, self.mail, address)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await self._said(server, self.rcpt, address)
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        (recipient,) = envelope.rcpt_tos
        self.received.append((recipient, envelope.content))
        return await self._said(server, self.content, recipient)

    async def handle_QUIT(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.quits += 1
        return "221 Bye"

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        said = base64.b64decode(args[1]).decode()
        self.logins.append(said)
        return AuthResult(success=f"auth=Bearer {self.password}\x01" in said, handled=False)

    def authenticate(
        self, server: SMTP, session: Any, envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append(mechanism)
        return AuthResult(success=given.password.decode() == self.password, handled=False)

    async def _said(self, server: SMTP, answer: Answer, about: str) -> str:
        try:
            return answer(about)
        except HangUp:
            _connection(server).abort()
            await asyncio.sleep(0)
            raise asyncio.CancelledError from None
        except Silence:
            await asyncio.get_running_loop().create_future()
            raise AssertionError from None


def _connection(server: SMTP) -> asyncio.Transport:
    return cast("asyncio.Transport", server.transport)


class _Counted(SMTP):
    """Counts who is connected."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # STARTTLS makes the connection a second time, on the same transport's socket.
        if self.session is None:
            self.event_handler.connected += 1
            self.event_handler.most_connected = max(
                self.event_handler.most_connected, self.event_handler.connected
            )
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.connected -= 1
        super().connection_lost(error)


@asynccontextmanager
async def serving(
    relayed: Relayed, *, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> AsyncIterator[Relayed]:
    """Serve on a free port of the loopback until the block ends."""

    def greet() -> SMTP:
        return _Counted(
            relayed,
            hostname="relay.test",
            enable_SMTPUTF8=relayed.utf8,
            data_size_limit=relayed.largest,
            tls_context=None if implicit else tls,
            require_starttls=False,
            authenticator=relayed.authenticate if relayed.password else None,
            auth_required=bool(relayed.password),
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        greet, "127.0.0.1", 0, ssl=tls if implicit else None
    )
    relayed.port = server.sockets[0].getsockname()[1]
    try:
        yield relayed
    finally:
        server.close()
