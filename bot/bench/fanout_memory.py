"""The fan-out's scenario `memory`: the most that a process holds, for few people and for many.

Each runs in a fresh process, on SQLite: it brings the audience together, plans, sends and records,
as the embedded product does. What is compared is the peak of its resident set.
"""

from __future__ import annotations

import re
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from bot.bench.fanning import PERSON, drafted, engine
from bot.bench.process import SPAWN
from bot.bench.report import Measured, Progress, medians, quietly, ratio
from comms.errors import Unavailable

STATUS = Path("/proc/self/status")
PEAK = "peak_mb"


def run(
    rounds: int = 5,
    *,
    few: int = 10_000,
    many: int = 1_000_000,
    progress: Progress = quietly,
) -> dict[str, Any]:
    """Return peaks in MB (2^20 bytes), medians of `rounds` rounds, and what many take more.

    `{recipients: {few, many}, few: {peak_mb}, many: {peak_mb}, more_mb, ratios: {many/few}}`.
    Unavailable where the system does not tell a process its peak.
    """
    if not STATUS.exists():
        raise Unavailable("Only Linux tells a process its peak of memory (/proc/self/status).")
    of_few: list[Measured] = []
    of_many: list[Measured] = []
    for number in range(rounds):
        for recipients, peaks in ((few, of_few), (many, of_many)):
            progress(f"round {number + 1} of {rounds}: {recipients:,} recipients")
            peaks.append({PEAK: _peak(recipients)})
    return {
        "recipients": {"few": few, "many": many},
        "few": medians(of_few, 1),
        "many": medians(of_many, 1),
        "more_mb": round(
            median(b[PEAK] - a[PEAK] for a, b in zip(of_few, of_many, strict=True)), 1
        ),
        "ratios": {"many/few": ratio(of_many, of_few, PEAK)},
    }


def _peak(recipients: int) -> float:
    ours, theirs = SPAWN.Pipe()
    fanning = SPAWN.Process(target=_fan_out, args=(recipients, theirs), daemon=True)
    fanning.start()
    theirs.close()
    try:
        peak: float = ours.recv()
    except EOFError:
        raise Unavailable("The fan-out broke off; what it said is above.") from None
    finally:
        fanning.join()
    return peak


def _fan_out(recipients: int, told: Connection) -> None:
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        uvloop.run(_whole(f"sqlite:///{folder}/sitrep.db", recipients))
    told.send(_own_peak())


async def _whole(url: str, recipients: int) -> None:
    async with engine(url) as bench:
        update = await bench.desk.do(drafted, PERSON, "bench", recipients)
        await bench.plan(update)
        await bench.send()
        if (done := await bench.accepted(update)) != recipients:
            raise RuntimeError(f"the ledger says that {done} of {recipients} are accepted")


def _own_peak() -> float:
    # Not getrusage: its peak is that of the program before exec, which is the parent's, too.
    found = re.search(r"^VmHWM:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError("the kernel does not tell the peak")
    return int(found[1]) / 1024
