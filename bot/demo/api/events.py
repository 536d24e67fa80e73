"""Server-Sent Events: which parts of the page are to be drawn again."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import web

from bot.demo.feed import Feed, Listener

CALM = 0.12
"""Seconds to gather changes before telling: a fan-out touches the ledger a hundred times."""

HEARTBEAT = 15.0
"""Seconds of silence until a comment shows that the connection lives."""


async def stream(request: web.Request, feed: Feed) -> web.StreamResponse:
    """Tell changed topics as `event: changed` with a JSON list, until the page goes away."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    # A page that is closed resets the connection; that is how every stream ends.
    with suppress(ConnectionResetError):
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        async with feed.listen() as listener:
            while True:
                await response.write(await _news(listener))
                await asyncio.sleep(CALM)
    return response


async def _news(listener: Listener) -> bytes:
    try:
        topics = await asyncio.wait_for(listener.topics(), HEARTBEAT)
    except TimeoutError:
        return b": still here\n\n"
    return f"event: changed\ndata: {json.dumps(sorted(topics))}\n\n".encode()
