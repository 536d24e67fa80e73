"""The ledgers that keep the contract: the fake, SQLite, and Postgres where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from comms.testing import HeldClock
from storage.database import Database
from storage.schema import upgrade
from tests.contracts.ledgers import LedgerBench, MemoryShelf, SqlShelf

POSTGRES = "SITREP_TEST_DATABASE_URL"


NO_POSTGRES = pytest.mark.skipif(POSTGRES not in os.environ, reason=f"{POSTGRES} names no Postgres")


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=NO_POSTGRES)])
def bench(request: pytest.FixtureRequest, clock: HeldClock) -> LedgerBench:
    """A bench on each kind of ledger in turn."""
    if request.param == "memory":
        return LedgerBench(MemoryShelf(), clock)
    database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    return LedgerBench(SqlShelf(database), clock)


@pytest.fixture
def postgres() -> Iterator[Database]:
    """An empty ledger in the Postgres that the environment names."""
    database = Database(os.environ[POSTGRES])
    upgrade(database)
    with database.engine.begin() as connection:
        connection.execute(text("TRUNCATE delivery, fanout, statement, incident_update CASCADE"))
    yield database
    database.close()
