"""The fan-out's scenario `priority`: a SEV1 update overtakes a bulk one that is under way.

The bulk goes out at the relay's limit. The urgent update's time runs from its approval until the
sender has the last of its recipients. The peer is a queue: the same update with no more urgency
than the bulk, behind a bulk that is much smaller, since it waits for all of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from bot.bench.fanning import PERSON, Draft, Engine, NoOp, approved, drafted, engine
from bot.bench.report import Measured, Progress, medians, quietly, ratio
from comms.delivery import Delivery, Outcome
from comms.incident import Severity
from comms.statement import Statement

RATE = 500
"""Messages a second that the relay takes."""

URGENT = 200
HEAD_START = 1.0
"""Seconds for which the bulk has been going out when the urgent update is approved."""


def run(
    rounds: int = 5,
    *,
    bulk: int = 100_000,
    queued: int = 2_000,
    progress: Progress = quietly,
) -> dict[str, Any]:
    """Return the seconds from approval to the last delivery, medians of the rounds.

    `{bulk, rate, urgent, priority: {last_seconds}, queue: {last_seconds, bulk}, ratios:
    {queue/priority}}`. `queued` is the bulk that the queue has before it.
    """
    first, last = [], []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}, by priority")
        first.append(_round(bulk, Severity.SEV1))
        progress(f"round {number + 1} of {rounds}, as a queue")
        last.append(_round(queued, Severity.SEV3))
    return {
        "bulk": bulk,
        "rate": RATE,
        "urgent": URGENT,
        "priority": medians(first),
        "queue": {**medians(last), "bulk": queued},
        "ratios": {"queue/priority": ratio(last, first, "last_seconds")},
    }


def _round(bulk: int, severity: Severity) -> Measured:
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        seconds = uvloop.run(_overtaking(f"sqlite:///{folder}/sitrep.db", bulk, severity))
    return {"last_seconds": seconds}


async def _overtaking(url: str, bulk: int, severity: Severity) -> float:
    async with engine(url) as bench:
        await bench.plan(await bench.desk.do(drafted, PERSON, "bench", bulk))
        urgent = await bench.desk.do(drafted, PERSON, "bench", URGENT, "urgent", severity)
        counting = Counting(urgent)
        runner = bench.runner("bench", transport=counting, gate=bench.gate(RATE))
        sending = asyncio.create_task(runner.run())
        try:
            return await _measured(bench, urgent, counting)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending


async def _measured(bench: Engine, urgent: Draft, counting: Counting) -> float:
    await asyncio.sleep(HEAD_START)
    began = time.perf_counter()
    await bench.desk.do(approved, PERSON, "bench", urgent)
    await counting.all_sent.wait()
    return time.perf_counter() - began


class Counting(NoOp):
    """Notices when everybody of an update has been sent theirs."""

    def __init__(self, awaited: Draft) -> None:
        self._awaited = awaited
        self._sent = 0
        self.all_sent = asyncio.Event()

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Accept everything at once."""
        outcomes = await super().send(statement, batch)
        if statement.incident == self._awaited.incident:
            self._sent += len(batch)
            if self._sent >= self._awaited.recipients:
                self.all_sent.set()
        return outcomes
