"""The scenario `postgres`: the app plans, one worker sends, the ledger is on Postgres.

Each is a process of its own, as `sitrep serve` and `sitrep worker` are.
"""

from __future__ import annotations

import logging
from multiprocessing.connection import Connection
from tempfile import TemporaryDirectory
from typing import Any

import structlog
import uvloop

from bot.bench import postgres
from bot.bench.email.peers import SMTP_SOURCE
from bot.bench.email.product import on_postgres, settings
from bot.bench.email.race import Contender, race
from bot.bench.email.sink import sink
from bot.bench.process import closed, process
from bot.bench.report import Measured, Progress, quietly
from bot.root import fanout_worker
from bot.settings import Settings
from storage import schema
from storage.database import Database


def run(rounds: int = 5, *, messages: int = 50_000, progress: Progress = quietly) -> dict[str, Any]:
    """Return messages/s beside those of `smtp-source`: see `race`."""
    with postgres.server() as server, sink() as port:

        def send(port: int, count: int) -> Measured:
            return _send(server, port, count)

        return race(
            port,
            [Contender("sitrep", send)],
            [SMTP_SOURCE],
            rounds=rounds,
            messages=messages,
            progress=progress,
        )


def _send(server: str, port: int, count: int) -> Measured:
    with TemporaryDirectory(prefix="sitrep-bench-") as folder, postgres.database(server) as url:
        database = Database(url)
        schema.upgrade(database)
        database.close()
        with process(_work, settings(url, port, folder)):
            return on_postgres(url, port, count)


def _work(settings: Settings, until_closed: Connection) -> None:
    """Be a worker."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    async def work() -> None:
        async with fanout_worker(settings):
            until_closed.send("ready")
            await closed(until_closed)

    uvloop.run(work())
