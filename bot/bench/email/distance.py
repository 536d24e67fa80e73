"""The scenario `distance`: a relay that is 20 ms away and back, beside aiosmtplib's own sessions.

Both have 16 connections through the same road. Sitrep sends with its SQLite ledger; aiosmtplib is
given one message that is written already, and keeps no record.
"""

from __future__ import annotations

from typing import Any

from bot.bench.email.peers import rendered
from bot.bench.email.product import on_sqlite
from bot.bench.email.race import Contender, in_process, race
from bot.bench.email.roads import long_road
from bot.bench.email.sink import sink
from bot.bench.process import process
from bot.bench.report import Progress, quietly

ROUND_TRIP = 0.02
"""Seconds that the road adds."""


def run(rounds: int = 5, *, messages: int = 50_000, progress: Progress = quietly) -> dict[str, Any]:
    """Return messages/s for a tenth of the messages: see `race`."""
    with sink() as port, process(long_road, port, ROUND_TRIP / 2) as far:
        return race(
            int(far),
            [Contender("sitrep", on_sqlite("uvloop"))],
            [Contender("aiosmtplib", in_process(rendered), share=0.2)],
            rounds=rounds,
            messages=max(messages // 10, 1),
            progress=progress,
        )
