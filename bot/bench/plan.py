"""`sitrep bench plan`: what the plan and its promises cost, each beside something plain.

- *update*: an update is drafted and approved, with its deliveries planned and its promises made,
  while 1,000 incidents are live, each with five audiences; beside the same in a book with nothing
  else in it.
- *tick*: one look of the timekeeper over all promises, with nothing due, and with the promises of
  one incident due; beside a scan that reads every promise that is owed and compares it.
- *import*: 100,000 people from a CSV file, read, checked and committed; beside csv.reader and
  executemany into a plain table, which checks nothing.
- *check*: a plan as large as one may be; beside the bare YAML parser.
"""

from __future__ import annotations

import asyncio
import csv
import io
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from bot.api.recipient_file import read_csv
from bot.bench.report import Progress, medians, present, quietly, ratio
from bot.channels import WRITERS
from comms.acts.approve import approve
from comms.acts.declare import declare
from comms.acts.draft import draft
from comms.acts.people import import_recipients
from comms.bell import Bell
from comms.clock import SystemClock
from comms.desk import Desk, House, Scene
from comms.incident import Severity
from comms.people import Person, Role
from comms.plan import load
from comms.plan.model import Plan
from comms.recipient import Refused, sorted_out
from comms.report import CanReport, CustomerText
from comms.timekeeper import Timekeeper
from storage import schema
from storage.book import SqlStore
from storage.database import Database

PERSON = Person(name="Benchmark", email="bench@example.com")
REPORT = CanReport(
    conditions="One in three card payments fails since 09:20.",
    customer=CustomerText(symptom="Some card payments fail.", scope="One in three."),
)
ONE = "bench-one"
MANY = "bench-many"
PEOPLE = 20
"""In each audience: few, so that the figure is of the plan, not of the ledger."""

SAMPLES = 20
"""Updates and ticks a round; a round's figure is their median."""

AUDIENCES = 40
NAMED = 200
SERVICES = 200
"""As many audiences as a plan may have, and people and services it names, in the file that is
checked."""

Measured = dict[str, float]


def run(
    rounds: int = 5,
    *,
    incidents: int = 1_000,
    rows: int = 100_000,
    samples: int = SAMPLES,
    progress: Progress = quietly,
) -> dict[str, Any]:
    """Return the medians over the rounds, and the ratios between the two of each pair.

    `{rounds, incidents, rows, update: {approve_ms, draft_ms}, update_alone: {…}, tick: {idle_ms,
    due_ms}, scan: {idle_ms}, import: {rows_per_second}, executemany: {…}, check: {ms}, yaml: {ms},
    ratios: {…}}`. A ratio is the median of the rounds' own.
    """
    taken: dict[str, list[Measured]] = {}
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}: {incidents:,} live incidents")
        measured = asyncio.run(_promises(incidents, samples))
        progress(f"round {number + 1} of {rounds}: {rows:,} rows of CSV")
        measured |= asyncio.run(_imports(rows))
        progress(f"round {number + 1} of {rounds}: a plan of {SERVICES} services")
        measured |= _checks()
        for name, figures in measured.items():
            taken.setdefault(name, []).append(figures)
    return {
        "rounds": rounds,
        "incidents": incidents,
        "rows": rows,
        **{name: medians(figures, 3) for name, figures in taken.items()},
        "ratios": {
            "update/alone": ratio(taken["update"], taken["update_alone"], "approve_ms"),
            "scan/tick": ratio(taken["scan"], taken["tick"], "idle_ms"),
            "import/executemany": ratio(taken["import"], taken["executemany"], "rows_per_second"),
            "check/yaml": ratio(taken["check"], taken["yaml"], "ms"),
        },
    }


async def _promises(incidents: int, samples: int) -> dict[str, Measured]:
    async with _desk() as alone:
        await alone.do(_begin, PERSON, "bench", samples, ONE)
        update_alone = await _updates(alone, ONE, samples)
    async with _desk() as desk:
        await desk.do(_begin, PERSON, "bench", incidents, MANY)
        update = await _updates(desk, MANY, samples)
        ticks, scans = await _ticks(desk, samples), await _scans(desk, samples)
    return {"update": update, "update_alone": update_alone, "tick": ticks, "scan": scans}


async def _updates(desk: Desk, name: str, samples: int) -> Measured:
    """Draft and approve the first update of so many of the incidents; the medians."""
    drafting, approving = [], []
    for number in range(samples):
        key = f"INC-{number + 1}"
        begun = time.perf_counter()
        shown = await desk.do(draft, PERSON, name, key, report=REPORT)
        drafted = time.perf_counter()
        await desk.do(approve, PERSON, name, key, 1, hash=shown.update.hash, roles=frozenset(Role))
        approving.append(time.perf_counter() - drafted)
        drafting.append(drafted - begun)
    return {"draft_ms": 1000 * median(drafting), "approve_ms": 1000 * median(approving)}


async def _ticks(desk: Desk, samples: int) -> Measured:
    """Look for what is due while nothing is; then while the promises of one incident are."""
    keeper = Timekeeper(desk=desk, clock=desk.clock, bell=Bell())
    while await keeper.fire():
        pass
    idle = [await _timed(keeper.fire) for _ in range(samples)]
    due = []
    for number in range(samples):
        await desk.do(_bring_forward, PERSON, "bench", f"INC-{number + 1}")
        due.append(await _timed(keeper.fire))
    return {"idle_ms": 1000 * median(idle), "due_ms": 1000 * median(due)}


async def _scans(desk: Desk, samples: int) -> Measured:
    """Read every promise that is owed and see whether it has passed."""

    def scan(scene: Scene) -> int:
        return sum(promise.is_overdue(scene.now) for promise in scene.book.promises.owed())

    times = [await _timed(lambda: desk.read(scan, PERSON, "bench")) for _ in range(samples)]
    return {"idle_ms": 1000 * median(times)}


async def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


def _begin(scene: Scene, incidents: int, name: str) -> None:
    """Declare so many incidents, in audiences of PEOPLE people."""
    for audience in scene.plan.enabled():
        lines = _csv(PEOPLE, at=audience.name).encode()
        refused: list[Refused] = []
        people = list(sorted_out(read_csv(io.BytesIO(lines), refused), refused))
        import_recipients(scene, audience.name, people=people, refused=refused)
    for number in range(incidents):
        nonce = f"{name}-{number}"
        declare(scene, title=f"Benchmark {number}", severity=Severity.SEV1, nonce=nonce)


def _bring_forward(scene: Scene, key: str) -> None:
    """Let an incident's timers come due now."""
    keys = {promise.id for promise in scene.book.promises.of(key) if promise.is_owed}
    timers = scene.book.timers.due(
        scene.now + timedelta(days=1), kinds=("promise.due",), limit=100_000
    )
    scene.book.timers.set(
        [replace(one, due_at=scene.now) if one.subject in keys else one for one in timers]
    )


@asynccontextmanager
async def _desk() -> AsyncIterator[Desk]:
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'sitrep.db'}")
        try:
            schema.upgrade(database)
            yield Desk(
                store=SqlStore(database),
                house=House(plan=_five_audiences(), writers=WRITERS),
                clock=SystemClock(),
            )
        finally:
            database.close()


def _five_audiences() -> Plan:
    """The shipped plan with all its audiences in use, each promised an update."""
    plan = load.load(None)
    cadence = plan.audience("customers").cadence
    regulator = replace(plan.audiences["regulator"], enabled=True, cadence=cadence)
    return replace(plan, audiences={**plan.audiences, "regulator": regulator}, four_eyes=False)


async def _imports(rows: int) -> dict[str, Measured]:
    content = _csv(rows, at="customers").encode()
    async with _desk() as desk:
        begun = time.perf_counter()
        refused: list[Refused] = []
        people = list(sorted_out(read_csv(io.BytesIO(content), refused), refused))
        done = await desk.do(
            import_recipients, PERSON, "bench", "customers", people=people, refused=refused
        )
        ours = time.perf_counter() - begun
    if done.imported != rows:
        raise RuntimeError(f"{done.imported} of {rows} rows were imported")
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        theirs = _executemany(content, Path(folder) / "peer.db")
    return {
        "import": {"rows_per_second": rows / ours},
        "executemany": {"rows_per_second": rows / theirs},
    }


def _executemany(content: bytes, file: Path) -> float:
    """Put the rows into a table as plain as can be, unchecked; return the seconds."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE recipient (id INTEGER PRIMARY KEY, audience TEXT, address TEXT,"
            " email TEXT, name TEXT, language TEXT, time_zone TEXT, UNIQUE (audience, address))"
        )
        begun = time.perf_counter()
        lines = csv.reader(io.StringIO(content.decode()))
        next(lines)
        connection.executemany(
            "INSERT INTO recipient (audience, address, email, name, language, time_zone)"
            " VALUES ('customers', lower(?1), ?1, ?2, ?3, ?4)",
            lines,
        )
        connection.commit()
        return time.perf_counter() - begun


def _csv(rows: int, *, at: str) -> str:
    lines = (f"person{n}@{at}.example,Person {n},en,Europe/Zurich\n" for n in range(rows))
    return "email,name,language,time_zone\n" + "".join(lines)


def _checks() -> dict[str, Measured]:
    text = large_plan()
    begun = time.perf_counter()
    problems = load.check(text, "plan.yaml")
    checked = time.perf_counter()
    YAML(typ="safe", pure=True).load(text)
    parsed = time.perf_counter()
    if problems:
        raise RuntimeError(f"the plan is not good: {problems[0]}")
    return {
        "check": {"ms": 1000 * (checked - begun)},
        "yaml": {"ms": 1000 * (parsed - checked)},
    }


def large_plan() -> str:
    """A large plan: AUDIENCES audiences, NAMED people who may approve, and SERVICES services with
    an owner, somebody to bring in, what depends on them, and a cadence of their own."""
    people = "".join(
        f"    - {{name: Person {number}, email: person{number}@example.com}}\n"
        for number in range(NAMED)
    )
    rows = "".join(f"      SEV{rank}: {{first: 10m, every: 30m}}\n" for rank in range(1, 5))
    audiences = "".join(
        f"  audience-{number}:\n    label: Audience {number}\n    external: true\n"
        "    channels: [page, mail]\n    approval: [comms_lead]\n"
        "    sees: [symptom, scope, workaround]\n    template: customers\n"
        f"    lint: {{estimates: block, names: warn}}\n    cadence:\n{rows}"
        for number in range(AUDIENCES)
    )
    services = "".join(
        f"  service-{number}:\n    owner: Team {number}\n    components: [Component {number}]\n"
        f"    bring_in: [{{name: Person {number}, email: person{number}@example.com}}]\n"
        f"    dependants: [{'' if number == 0 else f'service-{number - 1}'}]\n"
        f"    audiences: {{audience-{number % AUDIENCES}: {{cadence: {{SEV1: {{every: 20m}}}}}}}}\n"
        for number in range(SERVICES)
    )
    return (
        f"organisation: Benchmark\napprovers:\n  comms_lead:\n{people}"
        f"services:\n{services}audiences:\n{audiences}"
    )


WANTED: Mapping[str, tuple[str, str, str]] = {
    "update": ("approve_ms", "ms to approve and plan one update", "≤ 50"),
    "tick": ("idle_ms", "ms for a tick over all promises", "≤ 10"),
    "import": ("rows_per_second", "rows/s imported from CSV", "≥ 50,000"),
    "check": ("ms", "ms to check a plan of 200 services", "≤ 1,000"),
}
PEERS = {"update": "update_alone", "tick": "scan", "import": "executemany", "check": "yaml"}
RATIOS = {
    "update": "update/alone",
    "tick": "scan/tick",
    "import": "import/executemany",
    "check": "check/yaml",
}
BESIDE = {
    "update": "with no other incident",
    "tick": "a scan of all promises",
    "import": "csv.reader and executemany",
    "check": "the bare YAML parser",
}


def show(result: dict[str, Any], console: Console) -> None:
    """Print the result for a person."""
    table = Table("", "Sitrep", "wanted", "beside it", "", "ratio")
    for name, (figure, words, wanted) in WANTED.items():
        ours, theirs = result[name][figure], result[PEERS[name]][figure]
        ratio = f"{RATIOS[name]} {result['ratios'][RATIOS[name]]:.2f}"
        table.add_row(words, f"{ours:,.1f}", wanted, f"{theirs:,.1f}", BESIDE[name], ratio)
    console.print(table)
    console.print(
        f"{result['incidents']:,} live incidents, {result['rows']:,} rows."
        f" A draft takes {result['update']['draft_ms']:,.1f} ms;"
        f" a tick with an incident's promises due {result['tick']['due_ms']:,.1f} ms."
    )


def main(rounds: int = 5, as_json: bool = False) -> None:
    """Measure, and print a table or one JSON document."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    present(lambda progress: run(rounds, progress=progress), show, as_json=as_json)
