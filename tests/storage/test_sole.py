"""The sole user of an SQLite file takes back what the dead had in hand, and nothing else."""

from __future__ import annotations

import pytest

from comms.testing import HeldClock
from storage.database import Database
from storage.sole import sole_use
from tests.contracts.ledgers import LedgerBench, SqlShelf


@pytest.fixture
def bench(database: Database, clock: HeldClock) -> LedgerBench:
    """A ledger on SQLite."""
    return LedgerBench(SqlShelf(database), clock)


async def test_who_is_alone_goes_on_at_once_where_a_process_was_killed(
    database: Database, bench: LedgerBench
) -> None:
    await bench.planned("a@x.org", "b@x.org")
    before, _ = await bench.begun(take=1, owner="killed")
    assert await bench.claim() is None

    async with sole_use(database) as alone:
        claim = await bench.claimed(owner="next")

    assert alone
    assert [delivery.address for delivery in claim.lost] == ["a@x.org"]
    assert (await bench.advance(before)).is_fenced


async def test_what_another_process_has_in_hand_is_left_to_it(
    database: Database, bench: LedgerBench
) -> None:
    async with sole_use(database):
        await bench.planned("a@x.org")
        await bench.begun(owner="alive")

        async with sole_use(database) as alone:
            assert not alone
            assert await bench.claim() is None


async def test_on_postgres_nobody_is_alone(postgres: Database) -> None:
    async with sole_use(postgres) as alone:
        assert not alone
