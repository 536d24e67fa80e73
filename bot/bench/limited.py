"""A relay that takes so many messages a second: quick enough to leave the machine to the sender."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

END = b"\r\n.\r\n"
PLAIN = {
    b"EHLO": b"250-limited\r\n250 PIPELINING\r\n",
    b"RCPT": b"503 5.5.1 MAIL first\r\n",
    b"DATA": b"503 5.5.1 RCPT first\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


class Limited:
    """Counts by the second of its clock, and says 451 or 421 to what is too much (RFC 5321).

    `taken` counts messages by recipient; who gets one twice shows.
    """

    def __init__(self, *, rate: int, messages: int) -> None:
        self.taken = Counter[str]()
        self.refused = 0
        self._rate = rate
        self._messages = messages
        self._all_taken = asyncio.Event()
        self._second, self._count = 0, 0
        self._last = 0.0

    def mail(self) -> bytes:
        """Answer MAIL: take it, or refuse it where this second is full."""
        if (second := int(time.time())) != self._second:
            self._second, self._count = second, 0
        self._count += 1
        if self._count <= self._rate:
            return b"250 2.1.0 Ok\r\n"
        self.refused += 1
        if self.refused % 2:
            return b"451 4.7.1 Too many messages, try again later\r\n"
        return b"421 4.7.0 Too many messages, slow down\r\n"

    def take(self, recipient: str) -> bytes:
        """Answer the end of a message's content."""
        self.taken[recipient] += 1
        self._last = time.perf_counter()
        if len(self.taken) >= self._messages:
            self._all_taken.set()
        return b"250 2.0.0 Ok: queued as %d\r\n" % self.taken.total()

    async def taking(self, began: float, *, at_most: float) -> float:
        """Wait until it has taken all, or for `at_most` seconds; return when, after `began`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                await self._all_taken.wait()
        return self._last - began


class Talk(asyncio.Protocol):
    """One connection to it."""

    def __init__(self, relay: Limited) -> None:
        self._relay = relay
        self._unread = b""
        self._has_sender = False
        self._recipient = ""
        self._is_content = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 limited ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer all commands that have come, in their order (RFC 2920)."""
        self._unread += data
        while not self._transport.is_closing():
            if self._is_content:
                _, end, rest = self._unread.partition(END)
                if not end:
                    return
                self._is_content, self._unread = False, rest
                self._transport.write(self._relay.take(self._recipient))
            else:
                line, end, rest = self._unread.partition(b"\r\n")
                if not end:
                    return
                self._unread = rest
                self._answer(line)

    def _answer(self, line: bytes) -> None:
        reply = self._reply(line[:4].upper(), line)
        self._transport.write(reply)
        if reply.startswith((b"221", b"421")):
            self._transport.close()

    def _reply(self, command: bytes, line: bytes) -> bytes:
        reply = PLAIN.get(command, b"250 2.0.0 Ok\r\n")
        if command == b"MAIL":
            reply = self._relay.mail()
            self._has_sender, self._recipient = reply.startswith(b"250"), ""
        elif command == b"RCPT" and self._has_sender:
            self._recipient = line.partition(b"<")[2].partition(b">")[0].decode()
            reply = b"250 2.1.5 Ok\r\n"
        elif command == b"DATA" and self._recipient:
            self._is_content = True
            reply = b"354 Go ahead\r\n"
        elif command == b"RSET":
            self._has_sender, self._recipient = False, ""
        return reply


@asynccontextmanager
async def listening(limited: Limited) -> AsyncIterator[str]:
    """Give the relay's address while it listens on a free port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(limited), "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
