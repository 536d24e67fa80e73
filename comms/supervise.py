"""Loops that must not end: started together, begun again when one breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

log = structlog.get_logger()

Loop = Callable[[], Awaitable[None]]


FINISH = 3.0
"""Seconds in which a loop may finish what it has begun."""

RECORD = 1.0
"""Seconds in which it may record what became of it once it was hurried."""


async def _no_hurry() -> None:
    """There is nothing to cut off."""


@asynccontextmanager
async def running(
    loops: Mapping[str, Loop], *, hurry: Callable[[], Awaitable[None]] = _no_hurry
) -> AsyncIterator[None]:
    """Run the loops while the block runs; at its end cancel them and wait for them to finish.

    After `FINISH` seconds `hurry` is called, which cuts off what they wait for, and they have
    `RECORD` seconds more. A loop that raises is a bug; it is logged and begun again, since
    everything that a loop works on is in the database.
    """
    tasks = [
        asyncio.create_task(_kept_running(name, loop), name=name) for name, loop in loops.items()
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await _late(tasks, within=FINISH)
        await hurry()
        for task in await _late(tasks, within=RECORD):
            log.warning("loop.late", loop=task.get_name())


async def _late(tasks: list[asyncio.Task[None]], *, within: float) -> set[asyncio.Task[None]]:
    return (await asyncio.wait(tasks, timeout=within))[1] if tasks else set()


async def _kept_running(name: str, loop: Loop) -> None:
    def broke(state: RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        log.error("loop.broke", loop=name, attempt=state.attempt_number, exc_info=failure)

    try:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_goes_on),
            wait=wait_exponential_jitter(multiplier=0.2, max=30),
            before_sleep=broke,
        ):
            with attempt:
                await loop()
    except Exception as failure:
        log.warning("loop.broke_at_its_end", loop=name, exc_info=failure)


def _goes_on(failure: BaseException) -> bool:
    """True where a loop is begun again: not where it broke because it was told to end."""
    task = asyncio.current_task()
    return isinstance(failure, Exception) and not (task and task.cancelling())
