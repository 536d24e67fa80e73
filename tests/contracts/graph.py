"""Microsoft Graph's sendMail on this machine: it checks every request against the contract."""

from __future__ import annotations

import asyncio
import json
import os
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from openapi_core import OpenAPI
from openapi_core.contrib.aiohttp import AIOHTTPOpenAPIWebRequest

from tests.bot.channel import serving

SLICE = Path(os.environ.get("SITREP_CONTRACTS", "../shared/contracts")) / (
    "graph/graph-v1.0-slice.json"
)
PATH = "/users/{user-id}/sendMail"

Reply = Callable[[int], web.Response | None]
"""The answer to a request by its number, from 1; None: it is taken."""


class Graph:
    """Takes letters as Graph does; `replies` may say otherwise, `silent` requests get no answer."""

    def __init__(self) -> None:
        self.requests = 0
        self.letters: list[EmailMessage] = []
        self.senders: list[str] = []
        self.tokens: list[str] = []
        self.under_way = 0
        self.most_at_once = 0
        self.reply: Reply = lambda _number: None
        self.silent: set[int] = set()
        self.crowded = asyncio.Event()
        """Set when four are under way at once."""
        self.busy = asyncio.Event()
        self.busy.set()

    async def send_mail(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests += 1
        number = self.requests
        contract().validate_request(AIOHTTPOpenAPIWebRequest(request, body=body))
        self.tokens.append(request.headers.get("Authorization", ""))
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        if self.under_way == 4:
            self.crowded.set()
        await self.busy.wait()
        self.under_way -= 1
        if number in self.silent:
            assert request.transport
            request.transport.abort()
        answer = self.reply(number)
        if answer is not None:
            return answer
        self.senders.append(request.match_info["user"])
        letter = message_from_bytes(b64decode(body, validate=True), policy=default)
        self.letters.append(letter)
        return web.Response(status=202, headers={"request-id": f"request-{number}"})


def refusal(status: int, code: str, message: str = "No.", **headers: str) -> web.Response:
    """Graph's error."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"error": {"code": code, "message": message}}
    return web.json_response(body, status=status, headers=named)


@cache
def contract() -> OpenAPI:
    """Graph's contract.

    The slice describes the JSON form of sendMail alone; its MIME form is put beside it as its page
    has it (learn.microsoft.com: "user: sendMail"): base64 under text/plain.
    """
    document: dict[str, Any] = json.loads(SLICE.read_text(encoding="utf-8"))
    document["servers"] = [{"url": "/v1.0"}]
    content = document["paths"][PATH]["post"]["requestBody"]["content"]
    content["text/plain"] = {
        "schema": {"type": "string", "minLength": 4, "pattern": "^[A-Za-z0-9+/]+={0,2}$"}
    }
    return OpenAPI.from_dict(document)


@asynccontextmanager
async def open_graph() -> AsyncIterator[tuple[Graph, str]]:
    """Serve Graph on a free port; give it and its root."""
    if not SLICE.exists():
        pytest.skip("Graph's contract is not here (SITREP_CONTRACTS)")
    graph, app = Graph(), web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_post("/v1.0/users/{user}/sendMail", graph.send_mail)
    async with serving(app) as url:
        yield graph, f"{url}/v1.0"
