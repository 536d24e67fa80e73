"""Roads to the sink: a long one, and one that begins with STARTTLS. Each is a process of its own.

`smtp-sink` is near and knows no TLS. Both contenders of a race take the same road.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import cast

import uvloop

from bot.bench.process import closed

GREETING = b"220 road.example ESMTP\r\n"
OFFER = b"250-road.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 STARTTLS\r\n"


class End(asyncio.Protocol):
    """One end of a road: what it gets leaves at the other end, `delay` seconds later."""

    def __init__(self, delay: float = 0.0) -> None:
        self.other: End | None = None
        self.transport: asyncio.Transport | None = None
        self._delay = delay
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Pass it on in its time; what comes one after another stays so."""
        if self._delay:
            self._loop.call_later(self._delay, self._pass_on, data)
        else:
            self._pass_on(data)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Close the other end too, behind what is still on the road."""
        self._loop.call_later(self._delay, self._close_other)

    def _pass_on(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def _close_other(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


class Far(End):
    """The sender's end of a long road: it reaches for the sink as soon as somebody calls."""

    def __init__(self, port: int, delay: float) -> None:
        super().__init__(delay)
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Reach for the sink."""
        super().connection_made(transport)
        self._reaching = self._loop.create_task(self._reach())

    async def _reach(self) -> None:
        _, end = await self._loop.create_connection(
            lambda: End(self._delay), "127.0.0.1", self._port
        )
        self.other, end.other = end, self


class Greeted(End):
    """The sink's end of an encrypted road: its greeting stays, for the sender has had one."""

    _is_greeted = b""

    def data_received(self, data: bytes) -> None:
        """Let the greeting, a line, lie; pass on what follows, which may come with it."""
        if not self._is_greeted:
            _, self._is_greeted, data = data.partition(b"\n")
        if data:
            super().data_received(data)


class Guard(asyncio.Protocol):
    """The sender's end of an encrypted road: it speaks SMTP as far as STARTTLS."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        """Answer EHLO and STARTTLS; nobody says more before TLS."""
        if data.upper().startswith(b"STARTTLS"):
            self._transport.pause_reading()
            self._transport.write(b"220 Go ahead\r\n")
            self._encrypting = self._loop.create_task(self._encrypt())
        else:
            self._transport.write(OFFER)

    async def _encrypt(self) -> None:
        reached, far = await self._loop.create_connection(Greeted, "127.0.0.1", self._port)
        reached.pause_reading()  # until there is somebody to pass it on to
        near = End()
        near.other, far.other = far, near
        encrypted = await self._loop.start_tls(
            self._transport, near, self._context, server_side=True
        )
        near.connection_made(cast("asyncio.Transport", encrypted))
        reached.resume_reading()


def long_road(port: int, delay: float, until_closed: Connection) -> None:
    """Be a road on which everything takes `delay` seconds, each way; report the port."""
    uvloop.run(_serve(lambda: Far(port, delay), until_closed))


def encrypted_road(port: int, certificate: str, until_closed: Connection) -> None:
    """Be a road with TLS after STARTTLS; `certificate` is a file, with its key. Report the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    uvloop.run(_serve(lambda: Guard(port, context), until_closed))


async def _serve(end: Callable[[], asyncio.Protocol], until_closed: Connection) -> None:
    server = await asyncio.get_running_loop().create_server(end, "127.0.0.1", 0)
    async with server:
        until_closed.send(str(server.sockets[0].getsockname()[1]))
        await closed(until_closed)
