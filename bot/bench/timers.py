"""`sitrep bench timers`: how late timers fire, and what they cost while they wait.

The product's own timekeeper on an SQLite file, firing overdue promises: each is marked, told in
the timeline and the audit log, and leaves its card to the outbox. The peer polls: it looks every
second for what is due and then does the same, as most programs with a table of jobs do.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

import structlog
import uvloop
from rich.console import Console
from rich.table import Table

from bot.bench.report import Progress, medians, present, quietly, ratio
from bot.channels import WRITERS
from comms.acts.declare import declare
from comms.bell import Bell, Topic
from comms.clock import SystemClock
from comms.desk import Desk, House, Scene
from comms.incident import Severity
from comms.ledger import Settled
from comms.people import Person
from comms.plan.escalation import Phase
from comms.plan.load import load
from comms.plan.model import ChannelName
from comms.promise import Promise
from comms.timekeeper import AT_ONCE, Timekeeper
from comms.timer import Timer
from storage import schema
from storage.book import SqlStore
from storage.database import Database

PERSON = Person(name="Benchmark", email="bench@example.com")
INCIDENTS = 50
ENTERING = timedelta(milliseconds=2)
"""A timer's share of the time in which they are set, before the first one comes due."""

WARM_UP = 10
"""Timers that are fired first, as in a product that has been up for a while."""

LATER = timedelta(days=1)


class Lateness:
    """Keeps how late each timer was; `all_fired` is set when so many have fired."""

    def __init__(self, expected: int) -> None:
        self.seconds: list[float] = []
        self.all_fired = asyncio.Event()
        self._expected = expected

    def fired(self, kind: str, late: timedelta) -> None:
        """Keep it."""
        self.seconds.append(late.total_seconds())
        if len(self.seconds) >= self._expected:
            self.all_fired.set()

    def recorded(self, channel: ChannelName, settled: Sequence[Settled]) -> None:
        """Nothing is sent here."""

    def carried(self, kind: str, outcome: str) -> None:
        """Nothing is carried out here."""


Keep = Callable[[Desk, Bell, Lateness], Coroutine[Any, Any, None]]
"""Fires timers until it is cancelled."""


async def sitrep(desk: Desk, bell: Bell, lateness: Lateness) -> None:
    """Keep time as the product does."""
    await Timekeeper(desk=desk, clock=desk.clock, bell=bell, meters=lateness).run()


async def polling(desk: Desk, bell: Bell, lateness: Lateness) -> None:
    """Keep time by looking once a second."""
    keeper = Timekeeper(desk=desk, clock=desk.clock, bell=bell, meters=lateness)
    while True:
        await asyncio.sleep(1)
        while await keeper.fire() == AT_ONCE:
            pass


KEEPERS: tuple[tuple[str, Keep], ...] = (("sitrep", sitrep), ("polling", polling))


def run(
    rounds: int = 5,
    *,
    pending: int = 10_000,
    due: int = 1_000,
    seconds: float = 3.0,
    progress: Progress = quietly,
) -> dict[str, Any]:
    """Return the medians over the rounds, and the ratios between the two.

    `{rounds, pending, due, NAME: {idle_cpu_percent, p50_ms, p99_ms, worst_ms, at_once_p99_ms},
    ratios: {polling/sitrep}}`. The CPU is the process's while `pending` timers wait for
    `seconds`; lateness is that of `due` timers spread over one second, beside those pending, from
    the due moment to the commit; `at_once` is that of as many timers of one and the same moment.
    A ratio is the median of the rounds' own ratios of p99.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    taken: dict[str, list[dict[str, float]]] = {name: [] for name, _ in KEEPERS}
    for number in range(rounds):
        for name, keep in KEEPERS:
            progress(f"round {number + 1} of {rounds}: {name}")
            taken[name].append(uvloop.run(_round(keep, pending, due, seconds)))
    return {
        "rounds": rounds,
        "pending": pending,
        "due": due,
        **{name: medians(measured) for name, measured in taken.items()},
        "ratios": {"polling/sitrep": ratio(taken["polling"], taken["sitrep"], "p99_ms", 1)},
    }


async def _round(keep: Keep, pending: int, due: int, seconds: float) -> dict[str, float]:
    async with _desk() as (desk, bell):
        await desk.do(_promise, PERSON, "bench", pending, timedelta(0), LATER)
        await _lateness(keep, desk, bell, WARM_UP, timedelta(0))
        idle = await _idle(keep, desk, bell, seconds)
        spread = await _lateness(keep, desk, bell, due, timedelta(seconds=1) / due)
        at_once = await _lateness(keep, desk, bell, due, timedelta(0))
    cuts = quantiles(spread, n=100, method="inclusive")
    return {
        "idle_cpu_percent": idle,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "worst_ms": max(spread) * 1000,
        "at_once_p99_ms": quantiles(at_once, n=100, method="inclusive")[98] * 1000,
    }


async def _idle(keep: Keep, desk: Desk, bell: Bell, seconds: float) -> float:
    """Return the CPU in percent of one core while nothing comes due."""
    keeping = asyncio.create_task(keep(desk, bell, Lateness(0)))
    await asyncio.sleep(0.1)
    spent, began = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    percent = 100 * (time.process_time() - spent) / (time.perf_counter() - began)
    await _ended(keeping)
    return percent


async def _lateness(keep: Keep, desk: Desk, bell: Bell, due: int, apart: timedelta) -> list[float]:
    lateness = Lateness(due)
    await desk.do(_promise, PERSON, "bench", due, apart, timedelta(seconds=0.3) + due * ENTERING)
    keeping = asyncio.create_task(keep(desk, bell, lateness))
    await lateness.all_fired.wait()
    await _ended(keeping)
    return lateness.seconds


async def _ended(keeping: asyncio.Task[None]) -> None:
    keeping.cancel()
    await asyncio.wait([keeping])


@asynccontextmanager
async def _desk() -> AsyncIterator[tuple[Desk, Bell]]:
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'sitrep.db'}")
        try:
            schema.upgrade(database)
            bell = Bell()
            desk = Desk(
                store=SqlStore(database),
                house=House(plan=load(None), writers=WRITERS),
                clock=SystemClock(),
                bells={Topic.TIMERS: (bell,)},
            )
            await desk.do(_declare, PERSON, "bench")
            yield desk, bell
        finally:
            database.close()


def _declare(scene: Scene) -> None:
    for number in range(INCIDENTS):
        declare(scene, title=f"Benchmark {number}", severity=Severity.SEV3, nonce=f"bench-{number}")
    scene.book.timers.cancel("promise:")


def _promise(scene: Scene, count: int, apart: timedelta, begin: timedelta) -> None:
    """Promise updates from `begin` on, each `apart` from the last, to all incidents in turn."""
    keys = [incident.key for incident in scene.book.incidents.find(limit=INCIDENTS)]
    audiences = [audience.name for audience in scene.plan.enabled()]
    made = scene.book.promises.add(
        [
            Promise(
                id=0,
                incident=keys[number % len(keys)],
                audience=audiences[number // len(keys) % len(audiences)],
                made_at=scene.now,
                due_at=scene.now + begin + number * apart,
            )
            for number in range(count)
        ]
    )
    scene.book.timers.set([_timer(promise) for promise in made])


def _timer(promise: Promise) -> Timer:
    return Timer(
        key=f"promise:{promise.id}:{Phase.DUE}",
        due_at=promise.due_at,
        kind=f"promise.{Phase.DUE}",
        incident=promise.incident,
        subject=promise.id,
    )


def show(result: dict[str, Any], console: Console) -> None:
    """Print the result for a person."""
    table = Table("", "idle CPU %", "p50 ms", "p99 ms", "worst ms", "all at once: p99 ms")
    for name, _ in KEEPERS:
        table.add_row(name, *(f"{value:,.2f}" for value in result[name].values()))
    console.print(table)
    console.print(
        f"{result['pending']:,} timers pending; {result['due']:,} due in one second."
        f" polling/sitrep: {result['ratios']['polling/sitrep']:.1f}"
    )


def main(rounds: int = 5, as_json: bool = False) -> None:
    """Measure, and print a table or one JSON document."""
    present(
        lambda progress: run(rounds, progress=progress),
        show,
        as_json=as_json,
    )
