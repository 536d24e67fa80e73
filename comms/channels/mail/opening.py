"""Opens a connection to the relay with aiosmtplib: EHLO, STARTTLS, AUTH."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import cast

import aiosmtplib

from comms.channels.mail.envelope import Drop
from comms.channels.mail.relay import Auth, Relay, Tls
from comms.channels.mail.reply import Reply, reason
from comms.channels.mail.tokens import Tokens
from comms.delivery import Reason


@dataclass(frozen=True)
class Opened:
    """A connection on which messages may be sent, and what is true of it.

    `tls` is the version ('TLSv1.3'; '': not encrypted), `auth` the method that let us in ('': none
    was asked for), `largest` the octets that a message may have (0: not said; RFC 1870), `utf8`
    whether addresses beyond ASCII are taken (RFC 6531).
    """

    transport: asyncio.Transport
    pipelining: bool
    tls: str = ""
    auth: str = ""
    largest: int = 0
    utf8: bool = False


class NotOpened(Exception):
    """The relay could not be reached, or did not let us in."""

    def __init__(self, drop: Drop) -> None:
        super().__init__(drop.detail)
        self.drop = drop


async def open_connection(
    relay: Relay, *, tokens: Tokens | None = None, tls: ssl.SSLContext | None = None
) -> Opened:
    """Return a connection to the relay; NotOpened says why there is none.

    `tokens` are for XOAUTH2: one that is refused is fetched anew, once. `tls` replaces the
    system's trusted certificates. A relay without the STARTTLS that was demanded is refused before
    a password leaves.
    """
    try:
        return await _opened(relay, tokens, tls)
    except _TokenRefused as refused:
        # It was withdrawn before its time, or its key was rolled.
        refused.tokens.forget()
    try:
        return await _opened(relay, tokens, tls)
    except _TokenRefused as refused:
        raise NotOpened(refused.drop) from refused


async def _opened(relay: Relay, tokens: Tokens | None, tls: ssl.SSLContext | None) -> Opened:
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        # Not the resolver's idea of our name: that may take a resolver's timeout to find out.
        local_hostname=socket.gethostname() or "localhost",
        use_tls=relay.tls is Tls.IMPLICIT,
        start_tls={Tls.REQUIRED: True, Tls.OFFERED: None}.get(relay.tls, False),
        tls_context=tls,
        timeout=relay.timeout,
    )
    try:
        await client.connect()
        await _greet(client)
        auth = await _authenticate(client, relay, tokens)
    except _TokenRefused:
        client.close()
        raise
    except Exception as error:
        client.close()
        raise NotOpened(_why(error)) from error
    size = client.esmtp_extensions.get("size", "")
    return Opened(
        transport=_transport(client),
        pipelining=client.supports_extension("pipelining"),
        tls=_tls(client),
        auth=auth,
        largest=int(size) if size.isdecimal() else 0,
        utf8=client.supports_extension("smtputf8"),
    )


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Say EHLO, or HELO to a server that knows no other (RFC 5321, section 3.2)."""
    if not client.is_ehlo_or_helo_needed:
        return
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as refused:
        if refused.code == 421:
            raise
        await client.helo()


async def _authenticate(client: aiosmtplib.SMTP, relay: Relay, tokens: Tokens | None) -> str:
    """Log in; return by which method, '' where none is asked for."""
    ways = {
        "plain": client.auth_plain,
        "login": client.auth_login,
        "cram-md5": client.auth_crammd5,
    }
    match relay.auth:
        case Auth.NONE:
            return ""
        case Auth.XOAUTH2 if tokens is not None:
            await _by_token(client, relay, tokens)
            return "XOAUTH2"
        case Auth.XOAUTH2:
            raise _NoWayIn("No source of access tokens is set up for auth=xoauth2.")
    # A password is tried once, by one method: a wrong one, often, locks an account.
    offered = [name for name in ways if name in client.server_auth_methods]
    name = relay.auth.value if relay.auth is not Auth.AUTO else next(iter(offered), "")
    if not name:
        raise _NoWayIn("The relay takes no password here. Does it want STARTTLS first?")
    await ways[name](relay.username, relay.password)
    return name.upper()


class _NoWayIn(Exception):
    """We have nothing to log in with that the relay takes."""


class _TokenRefused(Exception):
    """The relay does not take the token that it was given."""

    def __init__(self, tokens: Tokens, drop: Drop) -> None:
        super().__init__(drop.detail)
        self.tokens = tokens
        self.drop = drop


async def _by_token(client: aiosmtplib.SMTP, relay: Relay, tokens: Tokens) -> None:
    """Log in by XOAUTH2. A 334 with the error as JSON is answered, and its 535 is the refusal."""
    try:
        token = await tokens.token()
    except Exception as error:
        raise _NoWayIn(f"No access token could be had: {error}") from error
    try:
        await client.auth_xoauth2(relay.username, token or "")
    except aiosmtplib.SMTPAuthenticationError as error:
        if 400 <= error.code < 500:
            raise
        raise _TokenRefused(tokens, _why(error)) from error


def _tls(client: aiosmtplib.SMTP) -> str:
    encrypted = client.get_transport_info("ssl_object")
    return str(encrypted.version()) if encrypted else ""


def _transport(client: aiosmtplib.SMTP) -> asyncio.Transport:
    if client.transport is None:
        raise NotOpened(_unreachable("The connection ended as soon as it was open."))
    # A cast, not a check: uvloop's transports are no subclasses of asyncio's.
    return cast("asyncio.Transport", client.transport)


def _why(error: Exception) -> Drop:
    match error:
        case _NoWayIn():
            return Drop(reason=Reason.AUTHENTICATION, detail=str(error), again=False)
        case aiosmtplib.SMTPAuthenticationError():
            detail = Reply(error.code, error.message).detail
            return Drop(reason=Reason.AUTHENTICATION, detail=detail, again=False)
        case aiosmtplib.SMTPResponseException():
            reply = Reply(error.code, error.message)
            # A relay that is full or shutting down says 4xx; any other no is as good as no relay.
            why = reason(reply, "MAIL") if 400 <= reply.code < 500 else Reason.UNREACHABLE
            return Drop(reason=why, detail=reply.detail, again=False)
        case ssl.SSLCertVerificationError():
            return _unreachable(f"The relay's certificate is not trusted: {error.verify_message}.")
        case aiosmtplib.SMTPException() | OSError():
            return _unreachable(str(error) or type(error).__name__)
        case _:
            return _unreachable(type(error).__name__)


def _unreachable(detail: str) -> Drop:
    return Drop(reason=Reason.UNREACHABLE, detail=detail, again=False)
