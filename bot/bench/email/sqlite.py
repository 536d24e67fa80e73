"""The scenario `sqlite`: the whole path on one machine, beside what others do without a ledger."""

from __future__ import annotations

from typing import Any

from bot.bench.email.peers import BY_THE_BOOK, DJANGO, NODEMAILER, SMTP_SOURCE
from bot.bench.email.product import on_sqlite
from bot.bench.email.race import Contender, race
from bot.bench.email.sink import sink
from bot.bench.report import Progress, quietly


def run(rounds: int = 5, *, messages: int = 50_000, progress: Progress = quietly) -> dict[str, Any]:
    """Return messages/s and the sender's processor time, with uvloop and asyncio: see `race`."""
    with sink() as port:
        return race(
            port,
            [
                Contender("sitrep_uvloop", on_sqlite("uvloop")),
                Contender("sitrep_asyncio", on_sqlite("asyncio")),
            ],
            [SMTP_SOURCE, DJANGO, NODEMAILER, BY_THE_BOOK],
            rounds=rounds,
            messages=messages,
            progress=progress,
        )
