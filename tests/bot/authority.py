"""An authority on this machine that gives out tokens as Entra ID does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

from aiohttp import web

from tests.bot.channel import serving


class Authority:
    """Gives out access-1, access-2…; `asked` holds the forms it was sent."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.refuses = False
        self.url = ""

    async def discovery(self, request: web.Request) -> web.Response:
        base = f"{self.url}/{request.match_info['tenant']}"
        return web.json_response(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
        )

    async def token(self, request: web.Request) -> web.Response:
        form = {key: values[0] for key, values in parse_qs(await request.text()).items()}
        self.asked.append(form)
        if self.refuses:
            error = {"error": "invalid_client", "error_description": "the secret is hunter2"}
            return web.json_response(error, status=401)
        return web.json_response(
            {
                "access_token": f"access-{len(self.asked)}",
                "token_type": "Bearer",
                "expires_in": 3600,
            }
        )


@asynccontextmanager
async def an_authority() -> AsyncIterator[Authority]:
    """Serve on a free port until the block ends."""
    authority = Authority()
    app = web.Application()
    app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", authority.discovery)
    app.router.add_post("/{tenant}/oauth2/v2.0/token", authority.token)
    async with serving(app) as authority.url:
        yield authority
