"""A lull: background work lets what somebody waits for go first, but not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Lull:
    """Counts what is being answered at this moment."""

    def __init__(self) -> None:
        self._answering = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Somebody waits for an answer while this block runs."""
        self._answering += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._answering -= 1
            if not self._answering:
                self._quiet.set()

    async def wait(self, *, at_most: float) -> None:
        """Return when nobody waits for an answer, or after `at_most` real seconds."""
        if self._quiet.is_set():
            return
        try:
            async with asyncio.timeout(at_most):
                await self._quiet.wait()
        except TimeoutError:
            return
