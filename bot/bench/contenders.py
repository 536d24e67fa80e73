"""Three bots that echo: the SDK's own adapter, Sitrep's edge, and no SDK at all."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from aiohttp import web
from botbuilder.core import TurnContext

from bot.bench.load import COUNTER
from bot.edge.auth import Anonymous
from bot.edge.connector import Connector, open_session
from bot.edge.hosts import LOOPBACK, ServiceHosts
from bot.edge.messages import Edge, routes
from bot.edge.tokens import NoTokens

Build = Callable[[str], Awaitable[web.Application]]
"""Makes the app from the sink's address, in the contender's own process: a module's function."""


def echo_activity(sink: str) -> dict[str, Any]:
    """Return a short message as Teams sends it, with the sink as its serviceUrl."""
    return {
        "type": "message",
        "id": COUNTER,
        "timestamp": "2026-01-05T09:30:00.1234567Z",
        "localTimestamp": "2026-01-05T10:30:00.1234567+01:00",
        "serviceUrl": f"{sink}/",
        "channelId": "msteams",
        "from": {"id": "29:1a2b3c", "name": "Ada Byron", "aadObjectId": "5f6e7d8c-1111"},
        "recipient": {"id": "28:0b0e8e57", "name": "Sitrep"},
        "conversation": {
            "id": "19:0123456789abcdef@thread.tacv2;messageid=1767605400123",
            "conversationType": "channel",
            "isGroup": True,
            "tenantId": "5f6e7d8c-2222",
        },
        "channelData": {
            "teamsChannelId": "19:0123456789abcdef@thread.tacv2",
            "teamsTeamId": "19:fedcba9876543210@thread.tacv2",
            "channel": {"id": "19:0123456789abcdef@thread.tacv2"},
            "team": {"id": "19:fedcba9876543210@thread.tacv2"},
            "tenant": {"id": "5f6e7d8c-2222"},
        },
        "entities": [{"type": "clientInfo", "locale": "en-GB", "country": "GB", "platform": "Web"}],
        "textFormat": "plain",
        "locale": "en-GB",
        "text": f"card payments are failing {COUNTER}",
    }


@dataclass(frozen=True)
class Contender:
    """One bot in the race. `activity` makes its turn's activity from the sink's address."""

    name: str
    build: Build
    activity: Callable[[str], dict[str, Any]] = field(default=echo_activity)


async def stock(sink: str) -> web.Application:
    """Return the SDK's adapter as its documentation wires it."""
    try:
        from botbuilder.integration.aiohttp import (  # noqa: PLC0415 - a peer, not the product's
            CloudAdapter,
            ConfigurationBotFrameworkAuthentication,
        )
    except ImportError:
        sys.exit("The stock adapter is not installed; `make bench` installs it.")

    class Anyone:
        APP_ID = APP_PASSWORD = ""
        APP_TYPE = "MultiTenant"
        APP_TENANTID = ""

    class Echo:
        async def on_turn(self, turn: TurnContext) -> None:
            await turn.send_activity(turn.activity.text)

    adapter, bot = CloudAdapter(ConfigurationBotFrameworkAuthentication(Anyone())), Echo()

    async def messages(request: web.Request) -> web.Response:
        answer: web.Response = await adapter.process(request, bot)
        return answer

    app = web.Application()
    app.router.add_post("/api/messages", messages)
    return app


async def sitrep(sink: str) -> web.Application:
    """Return this product's edge, in anonymous mode as the others are."""
    session = open_session()
    connector = Connector(session, NoTokens(), ServiceHosts(LOOPBACK))

    async def echo(turn: TurnContext) -> None:
        await turn.send_activity(turn.activity.text)

    app = web.Application()
    app.add_routes(routes(Edge(gate=Anonymous(), connector=connector, on_turn=echo)))
    app.cleanup_ctx.append(_closing(session))
    return app


async def bare(sink: str) -> web.Application:
    """Return the floor: one handler that makes the same outbound call, and nothing else."""
    session = open_session()

    async def messages(request: web.Request) -> web.Response:
        activity = json.loads(await request.read())
        conversation = quote(activity["conversation"]["id"], safe="")
        url = f"{activity['serviceUrl']}v3/conversations/{conversation}/activities/{activity['id']}"
        reply = {
            "type": "message",
            "from": activity["recipient"],
            "recipient": activity["from"],
            "conversation": activity["conversation"],
            "replyToId": activity["id"],
            "text": activity["text"],
        }
        async with session.post(url, json=reply) as answer:
            await answer.json()
        return web.Response()

    app = web.Application()
    app.router.add_post("/api/messages", messages)
    app.cleanup_ctx.append(_closing(session))
    return app


def _closing(
    session: aiohttp.ClientSession,
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def close_at_the_end(app: web.Application) -> AsyncIterator[None]:
        yield
        await session.close()

    return close_at_the_end


ECHOES = (Contender("stock", stock), Contender("sitrep", sitrep), Contender("bare", bare))
