"""The fan-out's scenario `relay`: a relay takes so many messages a second and refuses the rest.

Nobody told Sitrep the rate. Real SMTP, over loopback: above its rate the relay answers MAIL with
451 or 421, as relays do. The peer sends the same update through the same connections as fast as
they go, and again what was refused.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.bench.fanning import PERSON, Engine, drafted, engine
from bot.bench.report import Measured, Progress, medians, quietly
from comms.channels.mail.address import Mailbox
from comms.channels.mail.relay import relay
from comms.channels.mail.transport import MailTransport
from comms.gate import Gate

RATE = 200
"""Messages that the relay takes in each second of its clock."""

SENDER = Mailbox("Benchmark", "bench@example.com")
AT_LAST = 3
"""After so many times as long as it should take, what is missing counts as lost."""


def run(rounds: int = 5, *, seconds: float = 30.0, progress: Progress = quietly) -> dict[str, Any]:
    """Return goodput (share of the relay's rate), refused attempts (share) and what was lost.

    `{rate, messages, adaptive: {goodput, refused, lost}, unpaced: {goodput, refused}}`, medians of
    the rounds. `seconds` are what the relay needs for all of them.
    """
    messages = round(RATE * seconds)
    ours, theirs = [], []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}, adaptive")
        ours.append(_round(messages, adaptive=True))
        progress(f"round {number + 1} of {rounds}, unpaced")
        theirs.append(_round(messages, adaptive=False))
    adaptive, unpaced = medians(ours, 4), medians(theirs, 4)
    return {
        "rate": RATE,
        "messages": messages,
        "adaptive": adaptive,
        "unpaced": {name: unpaced[name] for name in ("goodput", "refused")},
        "ratios": {"unpaced_refused/adaptive_refused": _times(unpaced, adaptive)},
    }


def _times(theirs: Measured, ours: Measured) -> float:
    return round(theirs["refused"] / max(ours["refused"], 0.0001), 1)


def _round(messages: int, *, adaptive: bool) -> Measured:
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        return uvloop.run(_sent(f"sqlite:///{folder}/sitrep.db", messages, adaptive=adaptive))


async def _sent(url: str, messages: int, *, adaptive: bool) -> Measured:
    async with engine(url) as bench, listening(Limited(messages)) as (to, limited):
        await bench.plan(await bench.desk.do(drafted, PERSON, "bench", messages))
        began = time.perf_counter()
        async with sending(bench, to, bench.gate(0) if adaptive else None):
            took = await limited.taking(began, at_most=AT_LAST * messages / RATE)
    return {
        "goodput": len(limited.taken) / took / RATE,
        "refused": limited.refused / (limited.refused + len(limited.taken)),
        "lost": messages - len(limited.taken),
    }


@asynccontextmanager
async def sending(bench: Engine, url: str, gate: Gate | None) -> AsyncIterator[None]:
    """Send what waits to that relay while the block runs."""
    transport = MailTransport(
        relay(url), sender=SENDER, links=lambda _delivery: {}, clock=bench.desk.clock
    )
    runner = bench.runner("bench", transport=transport, gate=gate)
    running = asyncio.create_task(runner.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await transport.close()


class Limited:
    """A relay that counts by the second of its clock, and says 451 or 421 to what is too much."""

    def __init__(self, messages: int) -> None:
        self._messages = messages
        self._all_taken = asyncio.Event()
        self.taken = Counter[str]()
        self.refused = 0
        self._second, self._count = 0, 0
        self._last = 0.0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Offer PIPELINING, as relays do."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        mail_options: list[str],
    ) -> str:
        """Take it, or refuse it where this second is full."""
        if (second := int(time.time())) != self._second:
            self._second, self._count = second, 0
        self._count += 1
        if self._count <= RATE:
            envelope.mail_from = address
            return "250 2.1.0 Ok"
        self.refused += 1
        if self.refused % 2:
            return "451 4.7.1 Too many messages, try again later"
        return "421 4.7.0 Too many messages, slow down"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Count it."""
        self.taken.update(envelope.rcpt_tos)
        self._last = time.perf_counter()
        if len(self.taken) >= self._messages:
            self._all_taken.set()
        return f"250 2.0.0 Ok: queued as {len(self.taken)}"

    async def taking(self, began: float, *, at_most: float) -> float:
        """Wait until it has taken all, or for `at_most` seconds; return when, after `began`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                await self._all_taken.wait()
        return self._last - began


@asynccontextmanager
async def listening(limited: Limited) -> AsyncIterator[tuple[str, Limited]]:
    """Give the relay's URL while it listens on a free port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(limited, loop=loop), "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"smtp://127.0.0.1:{port}?connections=8&starttls=false", limited
    finally:
        server.close()
