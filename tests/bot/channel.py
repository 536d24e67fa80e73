"""A channel that signs real tokens, publishes its keys and records what the bot posts to it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from bot.edge.adapter import Logic
from bot.edge.auth import Anonymous
from bot.edge.connector import Connector, open_session
from bot.edge.hosts import LOOPBACK, ServiceHosts
from bot.edge.messages import Edge, OnError, routes
from bot.edge.tokens import NoTokens

APP_ID = "0b0e8e57-8c2a-4f0b-9d3c-6c7a4e0f1a11"
TENANT = "5f6e7d8c-1111-4222-8333-444455556666"
ISSUER = "https://api.botframework.com"


def new_key() -> RSAPrivateKey:
    """Return a fresh signing key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Channel:
    """`answer` is how the connector's REST answers; by default 200 with an id."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[RSAPrivateKey, list[str]]] = {"k1": (new_key(), ["msteams"])}
        self.metadata_reads = 0
        self.metadata_fails = False
        self.calls: list[tuple[str, str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = _created
        self.url = ""

    @property
    def service_url(self) -> str:
        """Where the bot's replies go."""
        return f"{self.url}/amer/"

    @property
    def metadata_url(self) -> str:
        """Where the signing keys are announced."""
        return f"{self.url}/openid"

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return what a good token says, with changes; None takes a claim away."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": APP_ID,
            "iat": now,
            "nbf": now - 5,
            "exp": now + 3600,
            "serviceurl": self.service_url,
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(
        self, *, kid: str = "k1", signed_by: RSAPrivateKey | None = None, **changes: Any
    ) -> str:
        """Return a token as the channel would sign it, with changes to its claims."""
        key = signed_by or self.keys[kid][0]
        return jwt.encode(self.claims(**changes), key, algorithm="RS256", headers={"kid": kid})

    def activity(self, **changes: Any) -> dict[str, Any]:
        """Return a message from a person in a channel, with changes."""
        return {
            "type": "message",
            "id": "1700000000000",
            "timestamp": "2026-01-05T09:30:00.1234567Z",
            "serviceUrl": self.service_url,
            "channelId": "msteams",
            "from": {"id": "29:ada", "name": "Ada", "aadObjectId": "a-1"},
            "recipient": {"id": f"28:{APP_ID}", "name": "Sitrep"},
            "conversation": {
                "id": "19:room@thread.tacv2;messageid=17",
                "conversationType": "channel",
                "isGroup": True,
                "tenantId": TENANT,
            },
            "channelData": {"tenant": {"id": TENANT}},
            "entities": [{"type": "clientInfo", "locale": "en-GB", "platform": "Web"}],
            "locale": "en-GB",
            "text": "status INC-41",
        } | changes

    async def openid(self, request: web.Request) -> web.Response:
        self.metadata_reads += 1
        if self.metadata_fails:
            return web.Response(status=503)
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.url}/keys"})

    async def published(self, request: web.Request) -> web.Response:
        keys = [_jwk(kid, key, marks) for kid, (key, marks) in self.keys.items()]
        return web.json_response({"keys": keys})

    async def connector(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.calls.append((request.method, request.raw_path, json.loads(body) if body else None))
        self.headers.append(dict(request.headers))
        return await self.answer(request)


async def _created(request: web.Request) -> web.StreamResponse:
    return web.json_response({"id": "posted-1"})


def _jwk(kid: str, key: RSAPrivateKey, endorsements: list[str]) -> dict[str, Any]:
    public = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": kid,
        "n": _base64(public.n),
        "e": _base64(public.e),
        "endorsements": endorsements,
    }


def _base64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serve the app on a free port of this machine; yield its address."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_channel() -> AsyncIterator[Channel]:
    """Serve a channel."""
    channel = Channel()
    app = web.Application()
    app.add_routes([web.get("/openid", channel.openid), web.get("/keys", channel.published)])
    app.router.add_route("*", "/amer/{rest:.*}", channel.connector)
    async with serving(app) as channel.url:
        yield channel


@asynccontextmanager
async def open_edge(
    on_turn: Logic, *, on_error: OnError | None = None
) -> AsyncIterator[tuple[Channel, Edge, aiohttp.ClientSession]]:
    """Serve a channel and an anonymous edge; the session posts to the edge by relative paths."""
    async with open_channel() as channel, open_session() as session:
        connector = Connector(session, NoTokens(), ServiceHosts(LOOPBACK))
        edge = Edge(gate=Anonymous(), connector=connector, on_turn=on_turn, on_error=on_error)
        app = web.Application()
        app.add_routes(routes(edge))
        async with serving(app) as url, aiohttp.ClientSession(base_url=url) as client:
            yield channel, edge, client


class NoWait:
    """A sleep that only writes down how long it should have been."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)
