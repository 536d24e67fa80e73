"""The fan-out's scenario `relay`: a relay takes so many messages a second and refuses the rest.

Nobody told Sitrep the rate. Real SMTP, over loopback: above its rate the relay answers MAIL with
451 or 421, as relays do. The peer sends the same update through the same connections as fast as
they go, and again what was refused.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from bot.bench.fanning import PERSON, Engine, drafted, engine
from bot.bench.limited import Limited, listening
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


def run(rounds: int = 5, *, seconds: float = 20.0, progress: Progress = quietly) -> dict[str, Any]:
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
    limited = Limited(rate=RATE, messages=messages)
    async with engine(url) as bench, listening(limited) as address:
        await bench.plan(await bench.desk.do(drafted, PERSON, "bench", messages))
        began = time.perf_counter()
        async with sending(
            bench, f"smtp://{address}?connections=8", bench.gate(0) if adaptive else None
        ):
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
