"""The way to the bot: one activity by HTTP, with Teams' patience and its re-delivery."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.demo.teams.rooms import Json

PATIENCE = 15.0
"""Seconds until Teams takes a bot for silent."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the bot answered. `status` is 0 where it did not; `body` is None where it is no JSON."""

    status: int
    body: Any = None

    @property
    def is_success(self) -> bool:
        """True for a 2xx answer."""
        return 200 <= self.status < 300


class Wire:
    """Posts activities to the bot. `twice` delivers every message twice, as Teams may."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        patience: float = PATIENCE,
        twice: bool = False,
    ) -> None:
        self._session = session
        self._url = url
        self._patience = patience
        self.twice = twice

    async def message(self, activity: Json) -> Reply:
        """Deliver a message; once more, with the same id, where no answer came in time."""
        first = await self.once(activity)
        if first.status == 0 or self.twice:
            return await self.once(activity)
        return first

    async def once(self, activity: Json) -> Reply:
        """Deliver an activity a single time, as Teams does with an invoke."""
        try:
            async with asyncio.timeout(self._patience):
                async with self._session.post(self._url, json=activity) as response:
                    body = await response.read()
                    return Reply(status=response.status, body=_json(body))
        except (TimeoutError, aiohttp.ClientError):
            return Reply(status=0)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
