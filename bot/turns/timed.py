"""Turns, timed: how long the bot takes to answer an activity."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from botbuilder.core import TurnContext

from bot.metrics.meters import ProductMeters

OnTurn = Callable[[TurnContext], Awaitable[None]]

KNOWN = frozenset({"message", "invoke", "conversationUpdate", "installationUpdate"})


def timed(on_turn: OnTurn, meters: ProductMeters) -> OnTurn:
    """Return the same turn, with its time told to the meters."""

    async def run(turn: TurnContext) -> None:
        kind = turn.activity.type if turn.activity.type in KNOWN else "other"
        began, outcome = time.perf_counter(), "failed"
        try:
            await on_turn(turn)
            outcome = "answered"
        finally:
            meters.turn(kind, outcome, time.perf_counter() - began)

    return run
