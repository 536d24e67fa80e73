"""The fan-out's scenario `postgres`: one worker, two, and a job for each recipient.

Each worker is a process of its own that does what `sitrep worker` does, with a sender that does
nothing; the app approves, plans and sees to it that every shard has a job. Everything from the
approval to the last committed outcome counts. The peer gives every recipient a procrastinate job,
in batches, and works them off with as many side by side as Sitrep has slots; it keeps no other
record than its jobs.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from multiprocessing.connection import Connection
from typing import Any

import uvloop
from procrastinate import App, PsycopgConnector
from procrastinate.types import JSONValue

from bot.bench import postgres
from bot.bench.fanning import MANY_SLOTS, PERSON, Draft, Engine, drafted, engine
from bot.bench.process import closed, process
from bot.bench.report import Measured, Progress, medians, quietly, ratio
from comms.dispatcher import Dispatcher
from comms.plan.model import ChannelName
from storage.connect import libpq
from storage.database import Database
from storage.fanout_jobs import FanoutJobs
from storage.ledger import SqlLedger

JOBS = 1_000
"""Recipients who get a job each: it is slow, and its rate falls rather than rises with more."""

RATE = "deliveries_per_second"


def run(
    rounds: int = 5, *, recipients: int = 100_000, progress: Progress = quietly
) -> dict[str, Any]:
    """Return rates and their ratios, medians of `rounds` rounds side by side.

    `{recipients, slots, one_worker: {deliveries_per_second, plan_seconds, send_seconds},
    two_workers: {…}, job_each: {deliveries_per_second}, ratios: {…}}`
    """
    one, two, each = [], [], []
    with postgres.server() as server:
        for number in range(rounds):
            progress(f"round {number + 1} of {rounds}: a job each")
            each.append(_job_each(server, min(recipients, JOBS)))
            progress(f"round {number + 1} of {rounds}: one worker")
            one.append(_with_workers(server, 1, recipients))
            progress(f"round {number + 1} of {rounds}: two workers")
            two.append(_with_workers(server, 2, recipients))
    return {
        "recipients": recipients,
        "slots": MANY_SLOTS.lanes * MANY_SLOTS.batch,
        "one_worker": medians(one),
        "two_workers": medians(two),
        "job_each": medians(each),
        "ratios": {
            "one_worker/job_each": ratio(one, each, RATE),
            "two_workers/one_worker": ratio(two, one, RATE),
        },
    }


def _with_workers(server: str, workers: int, recipients: int) -> Measured:
    with postgres.database(server) as url:
        return uvloop.run(_fan_out(url, workers, recipients))


async def _fan_out(url: str, workers: int, recipients: int) -> Measured:
    async with engine(url) as bench, _dispatching(bench):
        update = await bench.desk.do(drafted, PERSON, "bench", recipients)
        with _workers(url, workers):
            began = time.perf_counter()
            await bench.plan(update)
            planned = time.perf_counter()
            await _all_accepted(bench, update)
            ended = time.perf_counter()
    return {
        RATE: recipients / (ended - began),
        "plan_seconds": planned - began,
        "send_seconds": ended - planned,
    }


async def _all_accepted(bench: Engine, update: Draft) -> None:
    # Another process writes the rows, so there is nothing here to wait for but time.
    while await bench.accepted(update) < update.recipients:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _dispatching(bench: Engine) -> AsyncIterator[None]:
    jobs = FanoutJobs(bench.database.url)
    dispatcher = Dispatcher(
        jobs=jobs,
        ledger=SqlLedger(bench.database),
        channels=[ChannelName.MAIL],
        clock=bench.desk.clock,
        bell=bench.ready,
    )
    async with jobs.opened():
        dispatching = asyncio.create_task(dispatcher.run())
        try:
            yield
        finally:
            dispatching.cancel()
            await asyncio.wait([dispatching])


@contextmanager
def _workers(url: str, count: int) -> Iterator[None]:
    with ExitStack() as running:
        for number in range(count):
            running.enter_context(process(_work, url, f"worker-{number}"))
        yield


def _work(url: str, name: str, until_closed: Connection) -> None:
    """Be a worker."""
    uvloop.run(_working(url, name, until_closed))


async def _working(url: str, name: str, until_closed: Connection) -> None:
    database = Database(url)
    bench = Engine.on(database)
    jobs = FanoutJobs(url)
    runner = bench.runner(name, slots=MANY_SLOTS)
    async with jobs.opened():
        send = {ChannelName.MAIL: (runner.run_one, MANY_SLOTS.lanes)}
        working = asyncio.create_task(jobs.work(send))
        gc.freeze()  # as `sitrep worker`
        until_closed.send(name)
        await closed(until_closed)
        runner.stop()
        working.cancel()
        await asyncio.wait([working])
    database.close()


def _job_each(server: str, recipients: int) -> Measured:
    with postgres.database(server) as url:
        return uvloop.run(_one_by_one(url, recipients))


async def _one_by_one(url: str, recipients: int) -> Measured:
    app = App(connector=PsycopgConnector(conninfo=libpq(url), min_size=1, max_size=8))

    @app.task(name="send")
    async def send(recipient: str) -> None:
        """Do nothing, as the ledger's sender."""

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        began = time.perf_counter()
        everybody: list[dict[str, JSONValue]] = [
            {"recipient": f"person{number}@example.com"} for number in range(recipients)
        ]
        await send.batch_defer_async(*everybody)
        await app.run_worker_async(
            wait=False,
            concurrency=MANY_SLOTS.lanes * MANY_SLOTS.batch,
            install_signal_handlers=False,
            listen_notify=False,
        )
        return {RATE: recipients / (time.perf_counter() - began)}
