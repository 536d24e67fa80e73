"""Jobs on Postgres: one for each shard that waits, run by whoever is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlmodel import Session

from comms.ledger import SHARD
from comms.plan.model import ChannelName
from comms.testing import HeldClock
from storage.database import Database
from storage.fanout_jobs import FanoutJobs
from tests.contracts.ledgers import LedgerBench, SqlShelf

MAIL = ChannelName.MAIL


@pytest.fixture
def bench(postgres: Database, clock: HeldClock) -> LedgerBench:
    """A ledger whose shards wait."""
    return LedgerBench(SqlShelf(postgres), clock)


@pytest.fixture
async def jobs(postgres: Database) -> AsyncIterator[FanoutJobs]:
    """The engine on the same database."""
    made = FanoutJobs(postgres.url)
    async with made.opened():
        yield made


async def test_each_shard_that_waits_gets_one_job(bench: LedgerBench, jobs: FanoutJobs) -> None:
    await bench.planned(*addresses(3))

    assert await jobs.enough(MAIL, bench.clock.now()) == 3
    assert await jobs.enough(MAIL, bench.clock.now()) == 0


async def test_two_processes_that_look_at_once_defer_no_job_twice(
    bench: LedgerBench, jobs: FanoutJobs, postgres: Database
) -> None:
    await bench.planned(*addresses(3))
    async with (other := FanoutJobs(postgres.url)).opened():
        await asyncio.gather(*(one.enough(MAIL, bench.clock.now()) for one in (jobs, other) * 4))

    assert await waiting(postgres) == 3


async def test_a_shard_in_hand_and_one_that_is_not_due_need_no_job(
    bench: LedgerBench, jobs: FanoutJobs
) -> None:
    await bench.planned("ann@example.com")
    await bench.planned("ben@example.com", channel=ChannelName.TEAMS)
    await bench.claim()

    assert await jobs.enough(MAIL, bench.clock.now()) == 0


async def test_a_job_that_was_lost_is_replaced(
    bench: LedgerBench, jobs: FanoutJobs, postgres: Database
) -> None:
    await bench.planned(*addresses(2))
    await jobs.enough(MAIL, bench.clock.now())

    await postgres.write(lose_jobs)

    assert await jobs.enough(MAIL, bench.clock.now()) == 2


async def test_jobs_of_a_worker_that_is_gone_go_to_another(
    bench: LedgerBench, jobs: FanoutJobs, postgres: Database
) -> None:
    await bench.planned("ann@example.com")
    await jobs.enough(MAIL, bench.clock.now())
    await postgres.write(lose_jobs)
    assert await waiting(postgres) == 0

    await jobs.reap()

    assert await waiting(postgres) == 1


async def test_a_worker_runs_each_job_and_leaves_nothing_behind(
    bench: LedgerBench, jobs: FanoutJobs, postgres: Database
) -> None:
    begun, most, done = 0, 0, asyncio.Semaphore(0)

    async def send() -> None:
        nonlocal begun, most
        begun += 1
        most = max(most, begun)
        await asyncio.sleep(0)
        begun -= 1
        done.release()

    working = asyncio.create_task(jobs.work({MAIL: (send, 2)}))
    await bench.planned(*addresses(5))
    await jobs.enough(MAIL, bench.clock.now())
    async with asyncio.timeout(60):
        for _ in range(5):
            await done.acquire()
    working.cancel()
    await asyncio.wait([working])

    assert most <= 2
    assert await waiting(postgres) == 0
    assert await kept(postgres) == 0


async def test_a_worker_that_was_ended_may_be_begun_again(
    bench: LedgerBench, jobs: FanoutJobs
) -> None:
    done = asyncio.Event()

    async def send() -> None:
        done.set()

    for _ in range(2):
        working = asyncio.create_task(jobs.work({MAIL: (send, 1)}))
        await asyncio.sleep(0)
        working.cancel()
        await asyncio.wait([working])
    working = asyncio.create_task(jobs.work({MAIL: (send, 1)}))
    await bench.planned(*addresses(1))
    await jobs.enough(MAIL, bench.clock.now())

    async with asyncio.timeout(60):
        await done.wait()
    working.cancel()
    await asyncio.wait([working])


def addresses(shards: int) -> list[str]:
    """As many people as fill so many shards, the last with one."""
    return [f"person{n}@example.com" for n in range((shards - 1) * SHARD + 1)]


def lose_jobs(session: Session) -> None:
    """A worker took every job and was never heard of again."""
    session.connection().execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))


async def waiting(postgres: Database) -> int:
    """How many jobs nobody has begun."""
    return await counted(postgres, "WHERE status = 'todo' AND task_name = 'sitrep.send'")


async def kept(postgres: Database) -> int:
    """How many jobs that were run are kept."""
    return await counted(postgres, "WHERE task_name = 'sitrep.send'")


async def counted(postgres: Database, which: str) -> int:
    """How many jobs there are of this kind."""
    query = text(f"SELECT count(*) FROM procrastinate_jobs {which}")
    return await postgres.read(lambda session: session.connection().execute(query).scalar_one())
