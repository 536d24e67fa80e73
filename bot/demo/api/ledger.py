"""The timeline and ledger pane, and the status page's address."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.demo.sources import DemoSources

GLANCE = 0.5
"""Seconds between two looks at the sources, while a page is open."""


class LedgerApi:
    """Routes for what the store knows."""

    def __init__(self, sources: DemoSources) -> None:
        self._sources = sources

    def routes(self) -> list[web.RouteDef]:
        """Return what to mount."""
        return [
            web.get("/api/ledger", self.show),
            web.get("/api/deliveries", self.deliveries),
            web.get("/api/status", self.status),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Timeline, totals of each update and promises."""
        return web.json_response(await self._ledger(), dumps=dumps)

    async def deliveries(self, request: web.Request) -> web.Response:
        """One update's ledger rows (at most 500), newest last."""
        incident, number = request.query.get("incident", ""), request.query.get("update", "")
        if not incident or not number.isdecimal():
            raise web.HTTPBadRequest(text="Name an incident and an update's number.")
        rows = await self._sources.deliveries(incident, int(number))
        shown = [asdict(row) for row in rows[:500]]
        return web.json_response({"total": len(rows), "rows": shown}, dumps=dumps)

    async def status(self, request: web.Request) -> web.Response:
        """Where the status page is, and its version."""
        version = await self._sources.status_version()
        return web.json_response({"url": self._sources.status_url, "version": version})

    async def watch(self) -> None:
        """Touch the feed when what the sources say has changed, for as long as this runs."""
        looks: dict[str, Callable[[], Awaitable[Any]]] = {
            "ledger": self._ledger,
            "status": self._sources.status_version,
        }
        seen: dict[str, str] = {}
        while True:
            await asyncio.sleep(GLANCE)
            if not self._sources.feed.listeners:
                continue
            for topic, look in looks.items():
                mark = hashlib.sha256(dumps(await look()).encode()).hexdigest()
                if seen.get(topic) != mark:
                    seen[topic] = mark
                    self._sources.feed.touch(topic)

    async def _ledger(self) -> dict[str, Any]:
        sources = self._sources
        return {
            "timeline": [asdict(one) for one in await sources.timeline()],
            "updates": [asdict(one) for one in await sources.updates()],
            "promises": [asdict(one) for one in await sources.promises()],
        }


def dumps(value: Any) -> str:
    """Return JSON with moments in RFC 3339."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")
