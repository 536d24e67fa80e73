"""The fan-out's scenario `sqlite`: deliveries a second through the ledger, beside a naive loop.

The sender does nothing, so what is measured is planning, claiming and recording. Everything from
the approval's own transaction to the last committed outcome counts. The naive loop commits each
delivery twice (begun, done) on a file of the same kind on the same disk, as a program would that
keeps its record but thinks of no batches.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop

from bot.channels import SLOTS, WRITERS
from comms.acts.approve import approve
from comms.acts.declare import declare
from comms.acts.draft import draft
from comms.bell import Bell, Topic
from comms.clock import SystemClock
from comms.delivery import Delivery, DeliveryState, Outcome
from comms.desk import Desk, House, Scene
from comms.fanout import Runner, Slots
from comms.incident import Severity
from comms.people import Person, Role
from comms.plan.load import load
from comms.plan.model import ChannelName
from comms.planner import Planner
from comms.recipient import Recipient
from comms.report import CanReport
from comms.statement import Statement
from storage import schema
from storage.book import SqlStore
from storage.database import Database
from storage.ledger import SqlLedger

AUDIENCE = "stakeholders"
NAIVE = 300
"""Deliveries in the naive loop: it is slow, and its rate does not depend on their number."""

Progress = Callable[[str], None]

PERSON = Person(name="Benchmark", email="bench@example.com")


class NoOp:
    """Accepts everything at once."""

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Return an acceptance for each delivery."""
        return [
            Outcome(delivery=delivery.id, state=DeliveryState.ACCEPTED, provider_id="none")
            for delivery in batch
        ]


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round: deliveries a second of each contender."""

    sitrep: float
    naive: float


def run(
    rounds: int = 5,
    *,
    recipients: int = 100_000,
    progress: Progress = lambda line: None,
) -> dict[str, Any]:
    """Return rates (deliveries/s) and their ratio, medians of `rounds` rounds side by side.

    `{recipients, sqlite: {deliveries_per_second}, naive: {…}, ratios: {sqlite/naive}}`
    """
    results = []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        results.append(_round(recipients))
    sitrep = statistics.median(one.sitrep for one in results)
    naive = statistics.median(one.naive for one in results)
    ratio = statistics.median(one.sitrep / one.naive for one in results)
    return {
        "recipients": recipients,
        "sqlite": {"deliveries_per_second": round(sitrep)},
        "naive": {"deliveries_per_second": round(naive)},
        "ratios": {"sqlite/naive": round(ratio, 1)},
    }


def _round(recipients: int) -> Round:
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        naive = _naive(Path(folder) / "naive.db")
        sitrep = uvloop.run(_sitrep(f"sqlite:///{folder}/sitrep.db", recipients))
    return Round(sitrep=sitrep, naive=naive)


async def _sitrep(url: str, recipients: int) -> float:
    database = Database(url)
    schema.upgrade(database)
    try:
        planner_bell, bell = Bell(), Bell()
        clock = SystemClock()
        desk = Desk(
            store=SqlStore(database),
            house=House(plan=load(None), writers=WRITERS),
            clock=clock,
            bells={Topic.PLANNING: (planner_bell,), Topic.FANOUT: (bell,)},
        )
        key, digest = await desk.do(_prepared, PERSON, "bench", recipients)
        planner = Planner(desk=desk, clock=clock, bell=planner_bell)
        runner = Runner(
            channel=ChannelName.MAIL,
            transport=NoOp(),
            ledger=SqlLedger(database),
            clock=clock,
            bell=bell,
            owner="bench",
            slots=Slots(lanes=SLOTS[ChannelName.MAIL].lanes, batch=250),
        )
        began = time.perf_counter()
        await desk.do(_approved, PERSON, "bench", key, digest)
        while await planner.plan():
            pass
        await asyncio.gather(*(runner.run_until_idle() for _ in range(2)))
        took = time.perf_counter() - began
        totals = await desk.read(_totals, PERSON, "bench", key)
        if totals[DeliveryState.ACCEPTED] != recipients:
            raise RuntimeError(f"the ledger says {totals}")
        return recipients / took
    finally:
        database.close()


def _prepared(scene: Scene, recipients: int) -> tuple[str, str]:
    scene.book.recipients.replace(AUDIENCE, _people(recipients))
    incident = declare(scene, title="Benchmark", severity=Severity.SEV3, nonce="bench")
    seen = draft(
        scene, incident.key, report=CanReport(conditions="Nothing."), audiences=(AUDIENCE,)
    )
    return incident.key, seen.update.hash


def _people(count: int) -> Iterator[Recipient]:
    for number in range(count):
        yield Recipient(email=f"person{number}@example.com", name=f"Person {number}")


def _approved(scene: Scene, key: str, digest: str) -> None:
    approve(scene, key, 1, hash=digest, roles=frozenset({Role.COMMS_LEAD}))


def _totals(scene: Scene, key: str) -> dict[DeliveryState, int]:
    return dict(scene.book.fanouts.totals(key, 1)[(AUDIENCE, ChannelName.MAIL)])


def _naive(file: Path) -> float:
    """One transaction to begin a delivery, one to end it; as durable as the ledger is."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE delivery (id INTEGER PRIMARY KEY, address TEXT, state TEXT)")
    connection.executemany(
        "INSERT INTO delivery (address, state) VALUES (?, 'planned')",
        ((f"person{number}@example.com",) for number in range(NAIVE)),
    )
    began = time.perf_counter()
    for number in range(1, NAIVE + 1):
        for state in ("sending", "accepted"):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE delivery SET state = ? WHERE id = ?", (state, number))
            connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return NAIVE / took
