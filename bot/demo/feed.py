"""What changed, told to every open page as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Feed:
    """Topics that changed. A listener gets each topic once however often it changed meanwhile."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @property
    def listeners(self) -> int:
        """How many pages are open."""
        return len(self._listeners)

    def touch(self, topic: str) -> None:
        """Say that `topic` has changed."""
        for listener in self._listeners:
            listener.tell(topic)

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Listener]:
        """Listen for as long as the context lasts."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)


class Listener:
    """One open page."""

    def __init__(self) -> None:
        self._topics: set[str] = set()
        self._news = asyncio.Event()

    def tell(self, topic: str) -> None:
        """Note a changed topic."""
        self._topics.add(topic)
        self._news.set()

    async def topics(self) -> frozenset[str]:
        """Wait until something has changed and return all that has."""
        await self._news.wait()
        topics = frozenset(self._topics)
        self._topics.clear()
        self._news.clear()
        return topics
