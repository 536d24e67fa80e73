"""The fan-out's scenario `sqlite`: deliveries a second through the ledger, beside a naive loop.

The sender does nothing, so what is measured is planning, claiming and recording. Everything from
the approval's own transaction to the last committed outcome counts. The naive loop works on a
ledger that was planned in the same way, on the same disk and as durable, and does what a program
would that keeps its record but thinks of no batches: it takes the next delivery in one transaction
and records its outcome in another.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from bot.bench.fanning import MANY_SLOTS, PERSON, drafted, engine
from bot.bench.report import Measured, Progress, medians, quietly, ratio
from storage.upkeep import file_of

NAIVE = 1_000
"""Deliveries in the naive loop: it is slow, and its rate does not depend on their number."""

RATE = "deliveries_per_second"


def run(
    rounds: int = 5, *, recipients: int = 100_000, progress: Progress = quietly
) -> dict[str, Any]:
    """Return rates and their ratio, medians of `rounds` rounds side by side.

    `{recipients, slots, sqlite: {deliveries_per_second, plan_seconds, send_seconds},
    naive: {deliveries_per_second}, ratios: {sqlite/naive}}`
    """
    ours, theirs = [], []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        with TemporaryDirectory(prefix="sitrep-bench-") as folder:
            naive, sitrep = (f"sqlite:///{folder}/{name}.db" for name in ("naive", "sitrep"))
            theirs.append(uvloop.run(_naive(naive, min(recipients, NAIVE))))
            ours.append(uvloop.run(_sitrep(sitrep, recipients)))
    return {
        "recipients": recipients,
        "slots": MANY_SLOTS.lanes * MANY_SLOTS.batch,
        "sqlite": medians(ours),
        "naive": medians(theirs),
        "ratios": {"sqlite/naive": ratio(ours, theirs, RATE)},
    }


async def _sitrep(url: str, recipients: int) -> Measured:
    async with engine(url) as bench:
        update = await bench.desk.do(drafted, PERSON, "bench", recipients)
        began = time.perf_counter()
        await bench.plan(update)
        planned = time.perf_counter()
        await bench.send()
        ended = time.perf_counter()
        if (done := await bench.accepted(update)) != recipients:
            raise RuntimeError(f"the ledger says that {done} of {recipients} are accepted")
    return {
        RATE: recipients / (ended - began),
        "plan_seconds": planned - began,
        "send_seconds": ended - planned,
    }


async def _naive(url: str, recipients: int) -> Measured:
    async with engine(url) as bench:
        await bench.plan(await bench.desk.do(drafted, PERSON, "bench", recipients))
    file = file_of(url)
    if file is None:
        raise RuntimeError("the naive loop works on a file")
    began = time.perf_counter()
    _one_by_one(file)
    return {RATE: recipients / (time.perf_counter() - began)}


def _one_by_one(file: Path) -> None:
    """Send one delivery after another: a transaction to take it, one to record its outcome."""
    with closing(sqlite3.connect(file, isolation_level=None)) as ledger:
        ledger.execute("PRAGMA synchronous=FULL")
        after = 0
        while True:
            ledger.execute("BEGIN IMMEDIATE")
            row = ledger.execute(
                "SELECT id FROM delivery WHERE id > ? AND state = 'planned' ORDER BY id LIMIT 1",
                (after,),
            ).fetchone()
            if row is None:
                ledger.execute("ROLLBACK")
                return
            (after,) = row
            ledger.execute("UPDATE delivery SET state = 'sending' WHERE id = ?", row)
            ledger.execute("COMMIT")
            ledger.execute("BEGIN IMMEDIATE")
            ledger.execute("UPDATE delivery SET state = 'accepted' WHERE id = ?", row)
            ledger.execute("COMMIT")
