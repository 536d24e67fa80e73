"""Graph's groups on this machine: pages, throttling and permissions as Graph has them."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
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
LISTING = "/groups/{group-id}/transitiveMembers"
GROUP = "9d5b8f1c-0000-4000-8000-000000000001"

Reply = Callable[[int], web.Response | None]
"""The answer to a request by its number, from 1; None: as the directory is."""


def user(name: str, **more: Any) -> dict[str, Any]:
    """Somebody as Graph tells of them."""
    return {
        "id": f"id-{name}",
        "displayName": name.title(),
        "mail": f"{name}@x.org",
        "userPrincipalName": f"{name}@x.onmicrosoft.com",
        "userType": "Member",
        "accountEnabled": True,
        "preferredLanguage": None,
        **more,
    }


def refusal(status: int, code: str, **headers: str) -> web.Response:
    """Graph's error."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"error": {"code": code, "message": "a word that is not shown"}}
    return web.json_response(body, status=status, headers=named)


class Directory:
    """Groups by id, `page` people at a time whatever is asked for; `names` are display names."""

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}
        self.names: dict[str, list[str]] = {}
        self.page = 2
        self.requests: list[web.Request] = []
        self.reply: Reply = lambda _number: None
        self.url = ""
        self.elsewhere = ""
        """A host that the next page is said to be on."""

    async def listed(self, request: web.Request) -> web.Response:
        answer = await self._seen(request)
        if answer is not None:
            return answer
        people = self.groups.get(request.match_info["group"])
        if people is None:
            return refusal(404, "Request_ResourceNotFound")
        start = int(request.query.get("$skiptoken", "0"))
        told: dict[str, Any] = {"value": people[start : start + self.page]}
        if start + self.page < len(people):
            following = request.url.update_query({"$skiptoken": str(start + self.page)})
            told["@odata.nextLink"] = str(following).replace(
                str(request.url.origin()), self.elsewhere or str(request.url.origin())
            )
        return web.json_response(told)

    async def found(self, request: web.Request) -> web.Response:
        answer = await self._seen(request, is_listing=False)
        if answer is not None:
            return answer
        name = request.query["$filter"].removeprefix("displayName eq '").removesuffix("'")
        ids = self.names.get(name.replace("''", "'"), [])
        return web.json_response({"value": [{"id": one} for one in ids]})

    async def _seen(self, request: web.Request, *, is_listing: bool = True) -> web.Response | None:
        self.requests.append(request)
        if is_listing:
            contract().validate_request(AIOHTTPOpenAPIWebRequest(request, body=b""))
        assert request.headers["ConsistencyLevel"] == "eventual"
        return self.reply(len(self.requests))


@cache
def contract() -> OpenAPI:
    """Graph's contract of the listing, with the cast to users beside it as its page has it.

    learn.microsoft.com: "List group transitive members": $count and ConsistencyLevel go with a
    cast. `$skiptoken` is Graph's own.
    """
    document: dict[str, Any] = json.loads(SLICE.read_text(encoding="utf-8"))
    document["servers"] = [{"url": "/v1.0"}]
    cast = deepcopy(document["paths"][LISTING])
    have = {one.get("name") for one in cast["get"].setdefault("parameters", [])}
    for name in ("$select", "$top", "$count", "$skiptoken"):
        if name not in have:
            cast["get"]["parameters"].append(
                {"name": name, "in": "query", "schema": {"type": "string"}}
            )
    document["paths"] = {f"{LISTING}/microsoft.graph.user": cast}
    return OpenAPI.from_dict(document)


@asynccontextmanager
async def a_directory() -> AsyncIterator[Directory]:
    """Serve on a free port until the block ends."""
    if not SLICE.exists():
        pytest.skip("Graph's contract is not here (SITREP_CONTRACTS)")
    directory, app = Directory(), web.Application()
    members = "/v1.0/groups/{group}/transitiveMembers/microsoft.graph.user"
    app.router.add_get(members, directory.listed)
    app.router.add_get("/v1.0/groups", directory.found)
    async with serving(app) as url:
        directory.url = f"{url}/v1.0"
        yield directory
