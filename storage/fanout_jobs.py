"""Jobs: procrastinate on the same Postgres hands the ledger's shards to workers.

A job says only that a shard waits on its channel; which one, the ledger decides when it is
claimed. So a job that is lost, repeated or late can do no harm, and any shard may use any job.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

import psycopg
import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from comms.ledger import FURTHEST_LEASE, LATEST_RETRY
from comms.plan.model import ChannelName
from storage.connect import libpq
from storage.speaking import away
from storage.workers import STALLED

log = structlog.get_logger()

SEND = "sitrep.send"
UPKEEP = "upkeep"
"""The queue of the jobs that look after jobs; those of a channel are in a queue of its name."""

HEARTBEAT = 10.0
AGAIN = 1.0
"""Seconds before a worker that lost its database begins anew."""

_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('sitrep.jobs'), hashtext(%s))"

_MISSING = """
SELECT (
    SELECT count(*) FROM shard
    WHERE channel = %(channel)s AND due_at IS NOT NULL
      AND (due_at <= %(now)s OR due_at > %(now)s + %(latest)s)
      AND (lease_until IS NULL OR lease_until <= %(now)s OR lease_until > %(now)s + %(longest)s)
) - (
    SELECT count(*) FROM procrastinate_jobs
    WHERE status = 'todo' AND queue_name = %(channel)s AND task_name = %(task)s
)
"""

Send = Callable[[], Awaitable[object]]
"""Sends one shard of a channel: the most urgent that is due and that nobody holds."""


class FanoutJobs:
    """Sees to it that every shard that waits has a job, and runs such jobs."""

    def __init__(self, url: str) -> None:
        connector = PsycopgConnector(conninfo=libpq(url), min_size=1, max_size=4)
        self._app = App(connector=connector)
        self._connector = connector
        self._senders: Mapping[ChannelName, tuple[Send, int]] = {}
        self._register()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keep connections while the block runs."""
        with _speaking():
            await self._app.open_async()
        try:
            yield
        finally:
            await self._app.close_async()

    async def enough(self, channel: ChannelName, now: datetime) -> int:
        """Defer a job for each shard that is due and free and has none; return how many.

        One process does so at a time; to another that comes meanwhile there is nothing to do.
        """
        with _speaking():
            async with (
                self._connector.pool.connection() as connection,
                connection.transaction(),
            ):
                if not await _one(connection, _ALONE, (channel.value,)):
                    return 0
                given = {
                    "channel": channel.value,
                    "now": now,
                    "latest": LATEST_RETRY,
                    "longest": FURTHEST_LEASE,
                    "task": SEND,
                }
                missing = max(0, await _one(connection, _MISSING, given))
                if missing:
                    job = self._app.configure_task(SEND, queue=channel, connection=connection)
                    await job.batch_defer_async(*({} for _ in range(missing)))
                return missing

    async def work(self, senders: Mapping[ChannelName, tuple[Send, int]]) -> None:
        """Run jobs until cancelled: of each channel as many at a time as is said.

        Those under way when it is cancelled are waited for: a sender is to be stopped before.
        """
        self._senders = senders
        async with asyncio.TaskGroup() as workers:
            for channel, (_send, lanes) in senders.items():
                workers.create_task(self._work(channel, lanes))

    def _register(self) -> None:
        async def send(context: JobContext) -> None:
            await self._senders[ChannelName(context.job.queue)][0]()

        async def reap(timestamp: int) -> None:
            await self.reap()

        async def purge(timestamp: int) -> None:
            await self.purge()

        self._app.task(name=SEND, pass_context=True)(send)
        for name, upkeep, cron in (
            ("sitrep.reap", reap, "* * * * * */30"),
            ("sitrep.purge", purge, "17 * * * *"),
        ):
            task = self._app.task(name=name, queue=UPKEEP, queueing_lock=name)(upkeep)
            self._app.periodic(cron=cron)(task)

    async def _work(self, channel: ChannelName, lanes: int) -> None:
        while True:
            try:
                await self._app.run_worker_async(
                    queues=[channel.value, UPKEEP],
                    name=channel.value,
                    concurrency=lanes,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED,
                )
                log.warning("worker.interrupted", channel=channel.value)
            except (ConnectorException, psycopg.OperationalError) as lost:
                log.warning("worker.lost_database", channel=channel.value, why=str(lost)[:200])
            await asyncio.sleep(AGAIN)

    async def reap(self) -> None:
        """Give the jobs of workers that are gone to others."""
        for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            log.warning("job.stalled", job=job.id, worker=job.worker_id)
            await self._app.job_manager.retry_job(job)

    async def purge(self) -> None:
        """Forget what broke or was stopped a day ago; what went well is gone at once."""
        await self._app.job_manager.delete_old_jobs(
            nb_hours=24, include_failed=True, include_cancelled=True, include_aborted=True
        )


async def _one(connection: psycopg.AsyncConnection, query: str, given: object) -> int:
    cursor = await connection.execute(query, given)  # type: ignore[call-overload]
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _speaking() -> Iterator[None]:
    """Say Unavailable where the database cannot be reached."""
    try:
        yield
    except (ConnectorException, psycopg.OperationalError, PoolTimeout) as down:
        raise away(str(down)) from down
