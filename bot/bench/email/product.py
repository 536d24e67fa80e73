"""Sitrep in the race: the whole product, from the approval to the last committed outcome."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
import uvloop
from pydantic import SecretStr

from bot.bench.email.letter import BASE_URL, SENDER, write
from bot.bench.email.race import CPU, SESSIONS, apart, figures, used
from bot.bench.fanning import PERSON, accepted, approved, drafted
from bot.bench.report import Measured
from bot.root import Product, sitrep
from bot.settings import Settings
from comms.desk import Desk
from comms.plan.model import ChannelName
from storage.book import SqlStore

SLOTS = 1000
"""SITREP_SLOTS: what a relay is worth that takes whatever comes at once."""

LOOK = 0.1
"""Seconds between two looks at the ledger's totals."""

Run = Callable[[Coroutine[Any, Any, Measured]], Measured]
LOOPS: dict[str, Run] = {"uvloop": uvloop.run, "asyncio": asyncio.run}


def on_sqlite(
    loop: str, *, query: str = "starttls=false", trusted: str = ""
) -> Callable[[int, int], Measured]:
    """Return how the product is measured on SQLite, with that event loop.

    `query` is that of the relay's URL, `trusted` a file of certificates to believe.
    """

    def send(port: int, count: int) -> Measured:
        with TemporaryDirectory(prefix="sitrep-bench-") as folder:
            chosen = settings(f"sqlite:///{folder}/sitrep.db", port, folder, query=query)
            return apart(_send, chosen, count, loop, trusted)

    return send


def on_postgres(url: str, port: int, count: int) -> Measured:
    """Return what the product measures on Postgres, where workers send: messages/s, no CPU."""
    with TemporaryDirectory(prefix="sitrep-bench-") as folder:
        measured = apart(_send, settings(url, port, folder), count, "uvloop", "")
    return {name: value for name, value in measured.items() if name != CPU}


def settings(url: str, port: int, folder: str, *, query: str = "starttls=false") -> Settings:
    """Return how the product is set up: as an operator would for this relay."""
    return Settings(
        database_url=SecretStr(url),
        status_dir=Path(folder) / "status",
        smtp_url=SecretStr(f"smtp://127.0.0.1:{port}?connections={SESSIONS}&{query}"),
        mail_from=f"{SENDER.name} <{SENDER.address}>",
        base_url=BASE_URL,
        slots=SLOTS,
    )


def _send(settings: Settings, count: int, loop: str, trusted: str, told: Connection) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if trusted:
        os.environ["SSL_CERT_FILE"] = trusted  # where OpenSSL looks for what it believes
    told.send(LOOPS[loop](_sent(settings, count)))


async def _sent(settings: Settings, count: int) -> Measured:
    async with sitrep(settings) as product:
        update = await _writing(product).do(drafted, PERSON, "bench", count)
        gc.freeze()  # as the served product does
        spent, began = used(), time.perf_counter()
        await product.desk.do(approved, PERSON, "bench", update)
        # A look now and then, as whoever waits for the update would take.
        while await product.desk.read(accepted, PERSON, "bench", update) < count:  # noqa: ASYNC110
            await asyncio.sleep(LOOK)
        return figures(count, time.perf_counter() - began, used() - spent)


def _writing(product: Product) -> Desk:
    """Return a desk beside the product's own, which writes the letter of the race."""
    house = replace(product.desk.house, writers={ChannelName.MAIL: write})
    return Desk(store=SqlStore(product.database), house=house, clock=product.desk.clock)
