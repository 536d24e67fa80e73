"""The letterbox in Microsoft 365: every request is one that Graph documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from aiohttp import ClientSession, web
from openapi_core import OpenAPI
from openapi_core.contrib.aiohttp import AIOHTTPOpenAPIWebRequest

from bot.bounces.address import GraphBox
from bot.bounces.graph import GraphLetterbox
from bot.bounces.letterbox import LetterboxClosed
from comms.channels.mail.returned import LIMIT
from tests.bot.channel import serving
from tests.comms.mail import reports
from tests.comms.mail.tokens import HeldTokens

USER = "bounces@contoso.example"
BOX = GraphBox(user=USER)
PREFER = 'IdType="ImmutableId"'


@cache
def contract() -> OpenAPI:
    """What the letterbox may ask, as the pages of Graph's reference have it.

    learn.microsoft.com: "List messages", "Get message" ($value), "Update message", "message: move".
    """

    def path(name: str) -> dict[str, Any]:
        return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}

    def query(name: str, **schema: Any) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": True, "schema": schema}

    prefer = {
        "name": "Prefer",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "const": PREFER},
    }

    def body(**properties: Any) -> dict[str, Any]:
        schema = {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
        return {"required": True, "content": {"application/json": {"schema": schema}}}

    done = {"200": {"description": "Done."}}
    listing = [
        path("user"),
        path("folder"),
        prefer,
        query("$filter", type="string"),
        query("$orderby", type="string", enum=["receivedDateTime asc"]),
        query("$select", type="string"),
        query("$top", type="integer", minimum=1, maximum=1000),
    ]
    one = [path("user"), path("message"), prefer]
    message = "/users/{user}/messages/{message}"
    return OpenAPI.from_dict(
        {
            "openapi": "3.1.0",
            "info": {"title": "Graph", "version": "1.0"},
            "servers": [{"url": "/v1.0"}],
            "paths": {
                "/users/{user}/mailFolders/{folder}/messages": {
                    "get": {"parameters": listing, "responses": done}
                },
                message + "/$value": {"get": {"parameters": one, "responses": done}},
                message: {
                    "patch": {
                        "parameters": one,
                        "requestBody": body(isRead={"type": "boolean"}),
                        "responses": done,
                    }
                },
                message + "/move": {
                    "post": {
                        "parameters": one,
                        "requestBody": body(destinationId={"type": "string"}),
                        "responses": {"201": {"description": "Moved."}},
                    }
                },
            },
        }
    )


class Mailbox:
    """A mailbox as Graph shows it; `refusal` is its answer to everything."""

    def __init__(self) -> None:
        self.messages: dict[str, bytes] = {}
        self.read: list[str] = []
        self.moved: dict[str, str] = {}
        self.refusal: tuple[int, dict[str, str]] | None = None
        self.tokens: list[str] = []

    @web.middleware
    async def checked(self, request: web.Request, handler: Any) -> web.StreamResponse:
        contract().validate_request(AIOHTTPOpenAPIWebRequest(request, body=await request.read()))
        self.tokens.append(request.headers["Authorization"])
        assert request.match_info["user"] == USER
        if self.refusal:
            status, headers = self.refusal
            error = {"error": {"code": "ErrorAccessDenied", "message": "a secret of theirs"}}
            return web.json_response(error, status=status, headers=headers)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def listed(self, request: web.Request) -> web.Response:
        assert request.query["$filter"].endswith("isRead eq false")
        unread = [name for name in self.messages if name not in self.read]
        found = [{"id": name} for name in unread[: int(request.query["$top"])]]
        return web.json_response({"value": found})

    async def value(self, request: web.Request) -> web.Response:
        raw = self.messages[request.match_info["message"]]
        if not raw:
            return web.json_response({"error": {"code": "ErrorItemNotFound"}}, status=404)
        return web.Response(body=raw, content_type="text/plain")

    async def update(self, request: web.Request) -> web.Response:
        assert (await request.json())["isRead"] is True
        self.read.append(request.match_info["message"])
        return web.json_response({"id": request.match_info["message"]})

    async def move(self, request: web.Request) -> web.Response:
        self.moved[request.match_info["message"]] = (await request.json())["destinationId"]
        return web.json_response({"id": request.match_info["message"]}, status=201)


@asynccontextmanager
async def letterbox(mailbox: Mailbox, box: GraphBox = BOX) -> AsyncIterator[GraphLetterbox]:
    """Serve the mailbox, and open it."""

    app = web.Application(middlewares=[mailbox.checked])
    root = "/v1.0/users/{user}"
    app.router.add_get(root + "/mailFolders/{folder}/messages", mailbox.listed)
    app.router.add_get(root + "/messages/{message}/$value", mailbox.value)
    app.router.add_patch(root + "/messages/{message}", mailbox.update)
    app.router.add_post(root + "/messages/{message}/move", mailbox.move)
    async with serving(app) as url, ClientSession() as session:
        yield GraphLetterbox(box, url=f"{url}/v1.0", session=session, tokens=HeldTokens())


async def test_messages_come_as_they_arrived_until_they_are_put_away() -> None:
    mailbox = Mailbox()
    mailbox.messages = {f"AAkALg_{at}-A==": reports.postfix(f"{at}.a") for at in range(3)}

    async with letterbox(mailbox) as box:
        first = await box.fetch(2)
        again = await box.fetch(2)
        await box.put_away([one.id for one in first])
        rest = await box.fetch(2)

    assert [one.raw for one in first] == [reports.postfix("0.a"), reports.postfix("1.a")]
    assert again == first
    assert [one.id for one in rest] == ["AAkALg_2-A=="]
    assert not mailbox.moved


async def test_what_is_put_away_is_moved_where_that_is_said() -> None:
    mailbox = Mailbox()
    mailbox.messages = {"a": reports.postfix("1.a")}

    async with letterbox(mailbox, replace(BOX, done="archive")) as box:
        await box.put_away([one.id for one in await box.fetch(9)])

    assert (mailbox.read, mailbox.moved) == (["a"], {"a": "archive"})


async def test_what_somebody_has_deleted_meanwhile_is_empty() -> None:
    mailbox = Mailbox()
    mailbox.messages = {"gone": b""}

    async with letterbox(mailbox) as box:
        assert [one.raw for one in await box.fetch(9)] == [b""]


async def test_of_a_huge_message_only_the_beginning_is_read() -> None:
    mailbox = Mailbox()
    mailbox.messages = {"a": b"x" * (LIMIT + 5)}

    async with letterbox(mailbox) as box:
        assert [len(one.raw) for one in await box.fetch(9)] == [LIMIT]


@pytest.mark.parametrize(
    ("headers", "again"),
    [
        ({"Retry-After": "120"}, timedelta(minutes=2)),
        ({"Retry-After": "999999"}, timedelta(hours=1)),
        ({"Retry-After": "tomorrow"}, None),
        ({}, None),
    ],
)
async def test_graph_is_left_alone_for_as_long_as_it_asks(
    headers: dict[str, str], again: timedelta | None
) -> None:
    mailbox = Mailbox()
    mailbox.refusal = (429, headers)

    async with letterbox(mailbox) as box:
        with pytest.raises(LetterboxClosed) as closed:
            await box.fetch(9)

    assert closed.value.again == again


async def test_a_refusal_is_said_by_its_code_alone() -> None:
    mailbox = Mailbox()
    mailbox.refusal = (403, {})

    async with letterbox(mailbox) as box:
        with pytest.raises(LetterboxClosed, match=r"403 for bounces@contoso\.example: ErrorAccess"):
            await box.fetch(9)


async def test_a_token_that_was_withdrawn_is_fetched_anew_once() -> None:
    mailbox = Mailbox()
    mailbox.refusal = (401, {})

    async with letterbox(mailbox) as box:
        with pytest.raises(LetterboxClosed, match="401"):
            await box.fetch(9)

    assert mailbox.tokens == ["Bearer token-1", "Bearer token-2"]


async def test_a_mailbox_that_is_not_there_is_no_empty_one() -> None:
    mailbox = Mailbox()
    mailbox.refusal = (404, {})

    async with letterbox(mailbox) as box:
        with pytest.raises(LetterboxClosed, match="404"):
            await box.fetch(9)


async def test_graph_that_cannot_be_reached_is_named() -> None:
    async with ClientSession() as session:
        box = GraphLetterbox(
            BOX, url="http://127.0.0.1:1/v1.0", session=session, tokens=HeldTokens()
        )
        with pytest.raises(LetterboxClosed, match="Graph cannot be reached"):
            await box.fetch(9)
