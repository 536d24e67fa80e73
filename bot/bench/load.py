"""A load generator and a connector sink that cost a fraction of what they measure.

Both speak just the HTTP/1.1 that the two sides of a turn need: keep-alive, Content-Length.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

ANSWER = b'{"id":"1","activityId":"1","members":[]}'
COUNTER = "0000000000"
"""Stands in an activity template where every turn gets another number of as many digits."""


class Exchange(asyncio.Protocol):
    """Collects whole messages from a stream of bytes."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Hand on each message once it is whole."""
        self._pending += data
        while (end := _end(self._pending)) is not None:
            message = bytes(self._pending[:end])
            del self._pending[:end]
            self.complete(message)

    def complete(self, message: bytes) -> None:
        """Take one message, headers and body."""
        raise NotImplementedError


class Sink(Exchange):
    """A connector that accepts whatever a bot does."""

    def complete(self, message: bytes) -> None:
        """Answer 200 with an id."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self.transport.write(head % len(ANSWER) + ANSWER)


class Caller(Exchange):
    """One of the concurrent senders: the next turn begins `pause` after the last was answered."""

    def __init__(self, requests: Iterator[bytes], until: float, pause: float = 0.0) -> None:
        super().__init__()
        self._requests = requests
        self._until = until
        self._pause = pause
        self._sent_at = 0.0
        self.seconds: list[float] = []
        self.refused: list[bytes] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        self._next()

    def complete(self, message: bytes) -> None:
        """Note how long the turn took."""
        now = time.perf_counter()
        self.seconds.append(now - self._sent_at)
        if not message.startswith(b"HTTP/1.1 2"):
            self.refused.append(message)
        if now < self._until and not self.refused:
            if self._pause:
                asyncio.get_running_loop().call_later(self._pause, self._next)
            else:
                self._next()
        elif not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """End early."""
        if not self.done.done():
            self.done.set_exception(ConnectionError("the bot closed the connection"))

    def _next(self) -> None:
        self._sent_at = time.perf_counter()
        self.transport.write(next(self._requests))


class TurnRefused(Exception):
    """A contender answered something else than 2xx."""


async def measure(
    url: str,
    template: bytes,
    *,
    first: int,
    concurrency: int,
    seconds: float,
    pause: float = 0.0,
) -> list[float]:
    """Send turns for that long; return the seconds that each of them took.

    `template` is an activity as JSON; each COUNTER in it becomes a number from `first` on.
    `pause` are seconds that each sender waits between an answer and its next turn.
    """
    requests = _requests(urlsplit(url).netloc, template, first)
    return await drive(url, requests, concurrency=concurrency, seconds=seconds, pause=pause)


async def drive(
    url: str, requests: Iterator[bytes], *, concurrency: int, seconds: float, pause: float = 0.0
) -> list[float]:
    """Send these requests for that long; return the seconds that each of them took.

    TurnRefused at the first answer that is not 2xx.
    """
    loop = asyncio.get_running_loop()
    address = urlsplit(url)
    until = time.perf_counter() + seconds
    made = [
        await loop.create_connection(
            lambda: Caller(requests, until, pause), address.hostname or "", address.port or 80
        )
        for _ in range(concurrency)
    ]
    callers = [caller for _, caller in made]
    try:
        await asyncio.gather(*(caller.done for caller in callers))
    finally:
        for caller in callers:
            caller.transport.close()
    if refused := [answer for caller in callers for answer in caller.refused]:
        raise TurnRefused(refused[0].decode(errors="replace"))
    return [took for caller in callers for took in caller.seconds]


def _requests(host: str, template: bytes, first: int) -> Iterator[bytes]:
    head = (
        f"POST /api/messages HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(template)}\r\n\r\n"
    ).encode()
    whole, number = head + template, first
    while True:
        yield whole.replace(COUNTER.encode(), b"%010d" % number)
        number += 1


def _end(pending: bytearray) -> int | None:
    """Return where the first message ends, or None while it is not whole."""
    head = pending.find(b"\r\n\r\n")
    if head < 0:
        return None
    lower = bytes(pending[:head]).lower()
    at = lower.find(b"\r\ncontent-length:")
    length = int(lower[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    end = head + 4 + length
    return end if len(pending) >= end else None
