"""The demo's page as a sub-application, to be mounted at /demo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from bot.demo import assets
from bot.demo.api.events import stream
from bot.demo.api.ledger import LedgerApi
from bot.demo.api.mail import MailApi
from bot.demo.api.stage import StageApi
from bot.demo.api.teams import TeamsApi
from bot.demo.cast import CAST, COMPANY
from bot.demo.commands import suggestions
from bot.demo.sources import DemoSources

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self' http://127.0.0.1:*; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def demo_app(sources: DemoSources) -> web.Application:
    """Return the page with its JSON and its event stream; AssetsMissing without the npm parts.

    Every request is refused whose Host is not a loopback name, whoever it comes from: with
    authentication relaxed, a page of another site must not reach in by DNS rebinding.
    """
    app = web.Application(middlewares=[only_loopback, harden])
    page, modules = _page(), assets.install()
    scripts = {name: modules / path for name, path in assets.SERVED.items()}

    async def index(request: web.Request) -> web.StreamResponse:
        return _file(page / "index.html")

    async def static(request: web.Request) -> web.StreamResponse:
        return _file(_below(page, request.match_info["path"]))

    async def script(request: web.Request) -> web.StreamResponse:
        if (path := scripts.get(request.match_info["name"])) is None:
            raise web.HTTPNotFound(text="No such script.")
        return _file(path)

    async def cast(request: web.Request) -> web.Response:
        people = [asdict(one) | {"in_teams": one.in_teams} for one in CAST]
        place = sources.teams.place
        return web.json_response(
            {
                "company": COMPANY,
                "people": people,
                "bot": place.bot_name,
                "team": place.team_name,
                "channel": place.channel_name,
                "commands": [asdict(one) for one in suggestions()],
            }
        )

    async def events(request: web.Request) -> web.StreamResponse:
        return await stream(request, sources.feed)

    ledger = LedgerApi(sources)
    app.add_routes(
        [
            web.get("", index),
            web.get("/page/{path:.+}", static),
            web.get("/npm/{name}", script),
            web.get("/api/cast", cast),
            web.get("/events", events),
            *TeamsApi(sources.teams).routes(),
            *MailApi(sources.mail).routes(),
            *ledger.routes(),
            *StageApi(sources).routes(),
        ]
    )
    app.cleanup_ctx.append(lambda _: _watching(ledger))
    return app


def is_loopback(host: str) -> bool:
    """True for a host, with or without a port, that only this machine answers to."""
    return urlsplit(f"//{host}").hostname in LOOPBACK


@web.middleware
async def only_loopback(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what did not come from this machine's own browser page or tools."""
    if not is_loopback(request.host):
        raise web.HTTPForbidden(text="The demo answers on 127.0.0.1 only.")
    # Another site's page may post here though it cannot read the answer; browsers say where
    # a request comes from, and other clients send nothing.
    foreign = request.headers.get("Sec-Fetch-Site", "none") in {"cross-site", "same-site"}
    if foreign and request.method not in {"GET", "HEAD"}:
        raise web.HTTPForbidden(text="The demo takes requests from its own page only.")
    return await handler(request)


@web.middleware
async def harden(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Send the page's policy with everything that brings none of its own."""
    try:
        response = await handler(request)
    except web.HTTPException as refused:
        refused.headers.setdefault("X-Content-Type-Options", "nosniff")
        raise
    if not response.prepared:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("Cache-Control", "no-cache")
    return response


async def _watching(ledger: LedgerApi) -> AsyncIterator[None]:
    task = asyncio.create_task(ledger.watch(), name="demo-watch")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _page() -> Path:
    return Path(str(files("bot.demo") / "page"))


def _below(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise web.HTTPNotFound(text="No such file.")
    return path


def _file(path: Path) -> web.StreamResponse:
    kind = TYPES.get(path.suffix)
    if kind is None or not path.is_file():
        raise web.HTTPNotFound(text="No such file.")
    return web.FileResponse(path, headers={"Content-Type": f"{kind}; charset=utf-8"})
