"""A client of the API that a test talks through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDictProxy
from prometheus_client import CollectorRegistry

from bot.api import Access, api_routes, problems_as_json
from bot.metrics.backlog import BacklogGauges
from bot.metrics.route import metrics_routes
from comms.desk import Desk

TOKEN = "a token of this test"

CAN: dict[str, Any] = {
    "conditions": "One in three card payments fails since 09:20.",
    "actions": {
        "done": ["Paged the payments team"],
        "doing": ["Rolling back the gateway release"],
        "next": ["Replay the failed payments"],
    },
    "needs": [{"text": "A contact at the acquirer", "owner": "Vendor desk"}],
    "customer": {
        "symptom": "Some card payments fail.",
        "scope": "About one in three card payments.",
        "workaround": "Paying by bank transfer works.",
    },
}


@dataclass(frozen=True)
class Reply:
    """What came back: JSON as `body`, anything else as `text`."""

    status: int
    headers: CIMultiDictProxy[str]
    text: str
    body: Any

    def problem(self, status: int) -> dict[str, Any]:
        """The problem document; checks that it is one, of that status."""
        assert self.status == status, self.text
        assert self.headers["Content-Type"].startswith("application/problem+json")
        assert self.body["status"] == status
        assert self.body["title"]
        assert self.body["detail"]
        problem: dict[str, Any] = self.body
        return problem


class Api:
    """Speaks to /api/v1 with the token."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self.session = session
        self.base = base

    async def ask(self, method: str, path: str, **more: Any) -> Reply:
        """Send a request to a path of the server."""
        headers = {"Authorization": f"Bearer {TOKEN}"} | more.pop("headers", {})
        async with self.session.request(method, path, headers=headers, **more) as answer:
            text = await answer.text()
            told = await answer.json(content_type=None) if "json" in answer.content_type else None
            return Reply(answer.status, answer.headers, text, told)

    async def get(self, path: str, **params: str) -> Reply:
        """Read something below /api/v1."""
        return await self.ask("GET", f"/api/v1{path}", params=params)

    async def post(self, path: str, body: object = None, **more: Any) -> Reply:
        """Do something below /api/v1."""
        return await self.ask("POST", f"/api/v1{path}", json=body, **more)

    async def put(self, path: str, body: str | bytes, media: str = "text/csv") -> Reply:
        """Replace something below /api/v1."""
        headers = {"Content-Type": media}
        return await self.ask("PUT", f"/api/v1{path}", data=body, headers=headers)

    async def declare(self, **more: object) -> str:
        """Declare an incident; return its key."""
        reply = await self.post(
            "/incidents", {"title": "Card payments failing", "severity": "SEV1", **more}
        )
        assert reply.status == 201, reply.text
        return str(reply.body["key"])

    async def draft(self, key: str, **more: object) -> dict[str, Any]:
        """Draft an update; return what came back."""
        reply = await self.post(f"/incidents/{key}/updates", {**CAN, **more})
        assert reply.status == 201, reply.text
        told: dict[str, Any] = reply.body
        return told

    async def people(self, audience: str, *emails: str) -> None:
        """Put people into an audience."""
        reply = await self.put(f"/audiences/{audience}/recipients", "\n".join(["email", *emails]))
        assert reply.body == {"imported": len(emails), "refused": [], "refused_in_all": 0}


@asynccontextmanager
async def serving(
    desk: Desk, access: Access | None = None, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Api]:
    """Serve the API on a free port."""
    app = web.Application(middlewares=[problems_as_json])
    registry = CollectorRegistry()
    app.add_routes(api_routes(desk, access or Access(token=TOKEN), registry=registry))
    app.add_routes(metrics_routes(registry, BacklogGauges(desk, registry)))
    async with TestServer(app) as server:
        base = str(server.make_url("/"))
        async with ClientSession(base, headers=headers) as session:
            yield Api(session, base)
