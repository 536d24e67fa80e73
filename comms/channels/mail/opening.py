"""Opens a connection to the relay with aiosmtplib: EHLO, STARTTLS, AUTH."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import aiosmtplib

from comms.channels.mail.envelope import Drop
from comms.channels.mail.relay import Auth, Relay, Tls
from comms.channels.mail.reply import Reply, reason
from comms.delivery import Reason

TokenSource = Callable[[], Awaitable[str]]
"""Where the access token for XOAUTH2 comes from; it caches and refreshes by itself."""


@dataclass(frozen=True)
class Opened:
    """A connection on which messages may be sent."""

    transport: asyncio.Transport
    pipelining: bool


class NotOpened(Exception):
    """The relay could not be reached, or did not let us in."""

    def __init__(self, drop: Drop) -> None:
        super().__init__(drop.detail)
        self.drop = drop


async def open_connection(
    relay: Relay, *, token: TokenSource | None = None, tls: ssl.SSLContext | None = None
) -> Opened:
    """Return a connection to the relay; NotOpened says why there is none.

    `tls` replaces the system's trusted certificates. A relay without the STARTTLS that was
    demanded is refused before a password leaves.
    """
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
        await client.ehlo()
        await _authenticate(client, relay, token)
    except Exception as error:
        client.close()
        raise NotOpened(_why(error)) from error
    return Opened(transport=_transport(client), pipelining=client.supports_extension("pipelining"))


async def _authenticate(client: aiosmtplib.SMTP, relay: Relay, token: TokenSource | None) -> None:
    match relay.auth:
        case Auth.NONE:
            return
        case Auth.AUTO:
            await client.login(relay.username, relay.password)
        case Auth.PLAIN:
            await client.auth_plain(relay.username, relay.password)
        case Auth.LOGIN:
            await client.auth_login(relay.username, relay.password)
        case Auth.XOAUTH2 if token is not None:
            await client.auth_xoauth2(relay.username, await _granted(token))
        case Auth.XOAUTH2:
            raise _NoToken("No source of access tokens is set up for auth=xoauth2.")


class _NoToken(Exception):
    """There is no access token to authenticate with."""


async def _granted(token: TokenSource) -> str:
    try:
        return await token()
    except Exception as error:
        raise _NoToken(f"No access token could be had: {error}") from error


def _transport(client: aiosmtplib.SMTP) -> asyncio.Transport:
    if client.transport is None:
        raise NotOpened(_unreachable("The connection ended as soon as it was open."))
    # A cast, not a check: uvloop's transports are no subclasses of asyncio's.
    return cast("asyncio.Transport", client.transport)


def _why(error: Exception) -> Drop:
    match error:
        case _NoToken():
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
