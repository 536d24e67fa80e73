"""The event loop's lag: how late it comes to what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

EVERY = 0.1
"""Seconds between two samples."""


async def watch_lag(told: Callable[[float], None], *, every: float = EVERY) -> None:
    """Tell the lag in seconds, sample after sample, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every
        await asyncio.sleep(every)
        told(max(loop.time() - due, 0.0))
