"""What most tests stand on: the shipped plan, a held clock, a migrated SQLite file, a desk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import URL

from comms.bell import Bell, Topic
from comms.desk import Desk, House
from comms.plan.load import load
from comms.plan.model import Plan
from comms.testing import HeldClock
from storage.book import SqlStore
from storage.database import Database
from storage.schema import upgrade
from tests import postgres as pg
from tests.house import plain_writers

LONG = ("chaos/", "bot/test_bench", "browser/", "journeys/")
"""Where files take longer than elsewhere, the longest first."""

FIGURES = "figures"
"""The property in which a test leaves what it has counted."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files: one that comes last keeps a single process busy."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    file = item.path.relative_to(Path(__file__).parent).as_posix()
    return next((at for at, long in enumerate(LONG) if file.startswith(long)), len(LONG))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the chaos tests have counted, from whichever process ran them."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    figures = {
        one.nodeid.partition("::test_")[2].replace("_", " "): dict(one.user_properties)[FIGURES]
        for one in reports
        if FIGURES in dict(one.user_properties)
    }
    if figures:
        terminalreporter.section("chaos")
    for name, counted in figures.items():
        terminalreporter.write_line(f"{name}: {counted}")


# `pytest --hypothesis-profile=thorough tests/comms/test_life_cycle.py` looks for an hour or so.
settings.register_profile("thorough", max_examples=5_000, deadline=None)
# How long an example takes says more about the machine than about what is tested.
settings.register_profile("sitrep", deadline=None)
settings.load_profile("sitrep")


@pytest.fixture(autouse=True)
def _plain_log() -> None:
    """Log in plain text, whatever a test before chose.

    The pretty tracebacks of a terminal take a tenth of a second each.
    """
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The shipped plan."""
    return load(None)


@pytest.fixture
def clock() -> HeldClock:
    """A clock that the test holds."""
    return HeldClock()


@pytest.fixture
def house(plan: Plan) -> House:
    """The shipped plan with writers that show every context as it is."""
    return House(
        plan=plan,
        writers=plain_writers(),
        incident_url=lambda key: f"https://sitrep.example/incidents/{key}",
    )


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file, made once and only copied after that."""
    file = tmp_path_factory.mktemp("migrated") / "sitrep.db"
    database = Database(f"sqlite:///{file}", durable=False)
    upgrade(database)
    database.close()
    return file


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database of the test's own."""
    file = shutil.copy(migrated, tmp_path / "sitrep.db")
    database = Database(f"sqlite:///{file}", durable=False)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A Postgres server; skips where there is none."""
    with pg.server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: URL) -> Iterator[URL]:
    """A migrated Postgres database."""
    with pg.migrated(postgres_server) as url:
        yield url


@pytest.fixture
def postgres(migrated_postgres: URL) -> Iterator[Database]:
    """A migrated Postgres database with nothing in it."""
    with pg.opened(migrated_postgres) as database:
        pg.empty(database)
        yield database


@pytest.fixture
def bell() -> Bell:
    """What the desk rings after each act."""
    return Bell()


@pytest.fixture
def desk(database: Database, house: House, clock: HeldClock, bell: Bell) -> Desk:
    """A desk on SQLite with a held clock."""
    return Desk(
        store=SqlStore(database), house=house, clock=clock, bells={topic: [bell] for topic in Topic}
    )
