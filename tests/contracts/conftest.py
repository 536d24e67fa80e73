"""The ledgers that keep the contract: the fake, SQLite and Postgres."""

from __future__ import annotations

import pytest

from comms.testing import HeldClock
from tests.contracts.ledgers import LedgerBench, MemoryShelf, SqlShelf


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def bench(request: pytest.FixtureRequest, clock: HeldClock) -> LedgerBench:
    """A bench on each kind of ledger in turn."""
    if request.param == "memory":
        return LedgerBench(MemoryShelf(), clock)
    database = request.getfixturevalue("database" if request.param == "sqlite" else "postgres")
    return LedgerBench(SqlShelf(database), clock)
