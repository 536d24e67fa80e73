"""Loops that must not end: started together, begun again when one breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

log = structlog.get_logger()

Loop = Callable[[], Awaitable[None]]


@asynccontextmanager
async def running(loops: Mapping[str, Loop], *, finish_within: float = 10.0) -> AsyncIterator[None]:
    """Run the loops while the block runs; at its end cancel them and wait for them to finish.

    A loop that raises is a bug; it is logged and begun again, since everything that a loop works
    on is in the database.
    """
    tasks = [
        asyncio.create_task(_kept_running(name, loop), name=name) for name, loop in loops.items()
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=finish_within)
            for task in late:
                log.warning("loop.late", loop=task.get_name())


async def _kept_running(name: str, loop: Loop) -> None:
    def broke(state: RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        log.error("loop.broke", loop=name, attempt=state.attempt_number, exc_info=failure)

    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(Exception),
        wait=wait_exponential_jitter(multiplier=0.2, max=30),
        before_sleep=broke,
    ):
        with attempt:
            await loop()
