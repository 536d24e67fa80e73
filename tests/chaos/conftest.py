"""How much chaos: a short form within the suite, the long one with `make chaos`."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import URL

from storage.database import Database
from tests import postgres as pg
from tests.chaos.fleet import Fleet
from tests.chaos.installation import Installation, installation
from tests.chaos.sink import Sink, sink
from tests.conftest import FIGURES


@dataclass(frozen=True, kw_only=True)
class Form:
    """How long the tests go on. `dice` are thrown for the moments; `seed` repeats them."""

    is_long: bool
    seed: int
    dice: random.Random

    def either(self, long: int, short: int) -> int:
        """Return the number for this form."""
        return long if self.is_long else short

    def wait(self, least: float, most: float) -> None:
        """Wait for a moment that nobody can foresee, in seconds."""
        sleep(self.dice.uniform(least, most))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is chaos."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.chaos)


@pytest.fixture
def form() -> Form:
    """The long form where the environment asks for it, the same dice where it names a seed."""
    seed = int(os.environ.get("SITREP_TEST_SEED") or random.randrange(2**32))
    return Form(
        is_long=IS_LONG,
        seed=seed,
        dice=random.Random(seed),
    )


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Sink]:
    """A relay that outlives its victims."""
    with sink(tmp_path) as running:
        yield running


@pytest.fixture
def embedded(tmp_path: Path, relay: Sink) -> Iterator[Installation]:
    """An installation on a fresh SQLite file."""
    with installation(tmp_path, f"sqlite:///{tmp_path}/sitrep.db", relay) as made:
        yield made


@pytest.fixture
def shared(postgres: Database, tmp_path: Path, relay: Sink) -> Iterator[Installation]:
    """An installation on an empty Postgres; a worker that is gone is given up after 5 seconds."""
    with installation(tmp_path, postgres.url, relay, SITREP_LEASE="5") as made:
        yield made


@pytest.fixture
def shared_to_change(postgres_server: URL, tmp_path: Path, relay: Sink) -> Iterator[Installation]:
    """An installation on a Postgres database of its own, whose schema the test may change."""
    with pg.migrated(postgres_server, "to_change") as url:
        address = url.render_as_string(hide_password=False)
        with installation(tmp_path, address, relay, SITREP_LEASE="5") as made:
            yield made


IS_LONG = os.environ.get("SITREP_TEST_CHAOS") == "long"

SIZES = ("sqlite", "postgres, 1 worker", "postgres, 2 workers")

on_each_database = pytest.mark.parametrize("fleet", SIZES[:2], indirect=True)
"""For what does not depend on how many workers there are."""

on_each_size_at_length = pytest.mark.parametrize(
    "fleet", SIZES if IS_LONG else SIZES[:2], indirect=True
)
"""For what takes its time: two workers only in the long form."""


@pytest.fixture(params=SIZES if IS_LONG else (SIZES[0], SIZES[2]))
def fleet(request: pytest.FixtureRequest) -> Fleet:
    """An installation of each size."""
    where, _, workers = str(request.param).partition(", ")
    installation = request.getfixturevalue("embedded" if where == "sqlite" else "shared")
    return Fleet(installation, workers=int(workers.split()[0]) if workers else 0)


class Report:
    """Takes figures, to be printed when all is done."""

    def __init__(self, record: Callable[[str, object], None]) -> None:
        self._record = record

    def __call__(self, **figures: object) -> None:
        told = (f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
        self._record(FIGURES, ", ".join(told))


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """Where a test leaves its figures."""
    return Report(record_property)
