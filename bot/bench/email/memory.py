"""The scenario `memory`: the most that the running product holds while it tells a million people.

It is `sitrep serve`, started anew on a database in which the people are, and driven through its API
as anybody would: declare, draft, approve. From its start to the last committed outcome the resident
memory of all its processes is added up; each writes its own letters, from the product's templates.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bot.bench.email.letter import BASE_URL, SENDER
from bot.bench.email.product import SLOTS
from bot.bench.email.race import RATE, SESSIONS
from bot.bench.email.sink import sink
from bot.bench.fanning import AUDIENCE, PERSON, engine, filled
from bot.bench.report import Measured, Progress, medians, quietly, ratio
from bot.cli.client import Client
from comms.errors import Unavailable

PROCESSES = Path("/proc")
PEAK = "peak_mb"
LOOK = 0.2
"""Seconds between two looks."""

TOKEN = "benchmark"  # noqa: S105
"""SITREP_API_TOKEN of a product that only this process can reach."""


def run(rounds: int = 5, *, messages: int = 50_000, progress: Progress = quietly) -> dict[str, Any]:
    """Return peaks in MB (2^20 bytes) for twenty times the messages, and for a fifth of them.

    `{recipients: {few, many}, few: {peak_mb, messages_per_second}, many: {…}, more_mb, ratios:
    {many/few}}`, medians of the rounds. Unavailable without Linux' /proc.
    """
    if not (PROCESSES / "self" / "status").exists():
        raise Unavailable("Only Linux tells what a process holds (/proc/PID/status).")
    few, many = max(messages // 5, 1), messages * 20
    of_few: list[Measured] = []
    of_many: list[Measured] = []
    with sink() as port:
        for number in range(rounds):
            for recipients, peaks in ((few, of_few), (many, of_many)):
                progress(f"round {number + 1} of {rounds}: {recipients:,} recipients")
                peaks.append(_round(port, recipients))
    return {
        "recipients": {"few": few, "many": many},
        "few": medians(of_few, 1),
        "many": medians(of_many, 1),
        "more_mb": round(
            median(b[PEAK] - a[PEAK] for a, b in zip(of_few, of_many, strict=True)), 1
        ),
        "ratios": {"many/few": ratio(of_many, of_few, PEAK)},
    }


def _round(port: int, recipients: int) -> Measured:
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        url = f"sqlite:///{folder}/sitrep.db"
        asyncio.run(_fill(url, recipients))
        environ = {
            "SITREP_DATABASE_URL": url,
            "SITREP_STATUS_DIR": f"{folder}/status",
            "SITREP_SMTP_URL": f"smtp://127.0.0.1:{port}?starttls=false&connections={SESSIONS}",
            "SITREP_MAIL_FROM": f"{SENDER.name} <{SENDER.address}>",
            "SITREP_BASE_URL": BASE_URL,
            "SITREP_SLOTS": str(SLOTS),
            "SITREP_API_TOKEN": TOKEN,
        }
        with _serving(environ, Path(folder) / "log") as (product, address):
            return _told(product, Client(base=address, token=TOKEN), recipients)


async def _fill(url: str, recipients: int) -> None:
    async with engine(url) as bench:
        await bench.desk.do(filled, PERSON, "bench", recipients)


@contextmanager
def _serving(environ: dict[str, str], log: Path) -> Iterator[tuple[int, str]]:
    """Run `sitrep serve`; yield its process number and its address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SITREP_")}
    with log.open("w") as told:
        running = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", "0"], env=kept | environ, stderr=told
        )
    try:
        yield running.pid, _address(running, log)
    finally:
        running.terminate()
        running.wait()


def _address(running: subprocess.Popen[bytes], log: Path) -> str:
    while running.poll() is None:
        if found := re.search(r"Sitrep answers at (http://\S+)", log.read_text()):
            return found[1]
        time.sleep(LOOK)
    raise RuntimeError(f"The product did not start: {log.read_text()}")


def _told(product: int, api: Client, recipients: int) -> Measured:
    """Declare an incident, tell everybody, and watch what the product holds until all is sent."""
    incident = api.post("/incidents", {"title": "Card payments fail", "severity": "SEV3"})["key"]
    body = {"conditions": "Card payments fail for one customer in three.", "audiences": [AUDIENCE]}
    update = api.post(f"/incidents/{incident}/updates", body)
    path, began = f"/incidents/{incident}/updates/{update['number']}", time.perf_counter()
    api.post(f"{path}/approve", {"hash": update["hash"], "approver": "comms_lead"})
    most = 0.0
    while api.get(f"{path}/reach")["states"]["accepted"] < recipients:
        time.sleep(LOOK)
        most = max(most, sum(_resident(one, "VmRSS") for one in _tree(product)))
    took = time.perf_counter() - began
    # Between two looks it may have held more: each process knows its own peak.
    return {PEAK: max(most, _resident(product, "VmHWM")), RATE: recipients / took}


def _tree(root: int) -> Iterator[int]:
    """Return a process and all that it has started."""
    yield root
    for children in (PROCESSES / str(root) / "task").glob("*/children"):
        for child in children.read_text().split():
            yield from _tree(int(child))


def _resident(process: int, figure: str) -> float:
    try:
        status = (PROCESSES / str(process) / "status").read_text()
    except OSError:
        return 0.0  # it has ended since
    found = re.search(rf"^{figure}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0
