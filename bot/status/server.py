"""Serves a snapshot directory: every answer lies ready in memory, nothing else is needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sys
from pathlib import Path

import structlog
from aiohttp import hdrs, web
from multidict import CIMultiDict

from bot.status import shelf
from bot.status.shelf import Item
from comms.channels.page import folder, pages

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.25
"""Seconds between two looks at the directory."""

# A cache may answer for a quarter of a minute by itself, and for a day where we are away.
FRESH = "public, max-age=15, stale-while-revalidate=30, stale-if-error=86400"
KEPT = "public, max-age=31536000, immutable"
UNKEPT = "no-store"

_TOKEN = re.compile(r"[A-Za-z0-9._~-]{1,200}")

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors {}"
)


class StatusServer:
    """Answers requests from the newest whole snapshot that it could read.

    `embed` is an origin whose pages may show this one in a frame; nobody may by default.
    """

    def __init__(self, directory: Path, *, embed: str = "") -> None:
        self._directory = directory
        self._setup = shelf.being_set_up()
        self._shelf = shelf.read(directory)
        self._seen = _mark(directory)
        self._missing = self._shelf.missing
        self._headers = _headers(embed)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Return the answer to one request; there is no path to a file by its name."""
        if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD}:
            return self._plain(405, "Only GET and HEAD are answered here.\n", allow="GET, HEAD")
        path = request.path
        if path == "/healthz":
            return self._health()
        if (there := self._managed(path)) is not None:
            return there
        name = _name(path)
        item = self._find(name)
        if item is None:
            return self._not_found()
        # Only the pages' own links to assets carry a version.
        return self._sent(request, item, KEPT if name in pages.ASSETS else FRESH)

    async def keep_up(self) -> None:
        """Follow the directory until cancelled; read it off the event loop."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Read the directory again where its manifest changed or was not whole last time."""
        mark = _mark(self._directory)
        if mark == self._seen and not self._missing:
            return
        self._shelf = await asyncio.to_thread(shelf.read, self._directory, self._shelf)
        self._seen, missing = mark, self._shelf.missing
        if missing and missing != self._missing:
            log.warning("status_files_not_whole", directory=str(self._directory), files=missing)
        self._missing = missing

    def _managed(self, path: str) -> web.Response | None:
        """Send a reader's own link on to the app, which alone knows what they chose."""
        token = path.removeprefix("/manage/")
        if not self._shelf.manage_url or token == path or not _TOKEN.fullmatch(token):
            return None
        headers = self._headers.copy()
        headers[hdrs.LOCATION] = f"{self._shelf.manage_url}/{token}"
        headers[hdrs.CACHE_CONTROL] = UNKEPT
        return web.Response(status=307, headers=headers)

    def _find(self, name: str) -> Item | None:
        return self._shelf.items.get(name) or self._setup.items.get(name)

    def _sent(self, request: web.BaseRequest, item: Item, kept: str) -> web.Response:
        headers = self._headers.copy()
        headers[hdrs.ETAG] = etag = f'W/"{item.digest[:20]}"'
        headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
        headers[hdrs.CACHE_CONTROL] = kept
        if item.is_data:
            headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        asked = request.headers.get(hdrs.IF_NONE_MATCH)
        if asked is not None and _matches(asked, etag):
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_TYPE] = item.type
        body = item.body
        if item.zipped is not None and _takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
            headers[hdrs.CONTENT_ENCODING] = "gzip"
            body = item.zipped
        return web.Response(body=body, headers=headers)

    def _not_found(self) -> web.Response:
        page = self._find("404.html")
        headers = self._headers.copy()
        headers[hdrs.CACHE_CONTROL] = UNKEPT
        headers[hdrs.CONTENT_TYPE] = "text/html; charset=utf-8"
        return web.Response(status=404, body=page.body if page else b"", headers=headers)

    def _health(self) -> web.Response:
        said = {"status": "ok", "published": bool(self._shelf.items), "whole": not self._missing}
        return self._plain(200, json.dumps(said), type_="application/json")

    def _plain(
        self, status: int, text: str, *, type_: str = "text/plain", allow: str = ""
    ) -> web.Response:
        headers = self._headers.copy()
        headers[hdrs.CACHE_CONTROL] = UNKEPT
        headers[hdrs.CONTENT_TYPE] = f"{type_}; charset=utf-8"
        if allow:
            headers[hdrs.ALLOW] = allow
        return web.Response(status=status, body=text.encode(), headers=headers)


def run(directory: Path, host: str, port: int, *, embed: str = "") -> None:
    """Serve `directory` until SIGINT or SIGTERM; print one line with the URL once it answers.

    Port 0 takes a free one. Raises OSError when the address cannot be had.
    """
    allow_many_readers()
    with contextlib.suppress(KeyboardInterrupt):
        if sys.platform == "win32":
            asyncio.run(_serve(directory, host, port, embed))
        else:
            import uvloop  # noqa: PLC0415 - there is none for Windows

            uvloop.run(_serve(directory, host, port, embed))


def allow_many_readers() -> None:
    """Let this process hold as many connections as the machine allows it.

    The usual soft limit of 1,024 open files is for programs that call select().
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - there is none for Windows

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(directory: Path, host: str, port: int, embed: str) -> None:
    server = StatusServer(directory, embed=embed)
    runner = web.ServerRunner(web.Server(server.answer, access_log=None))
    await runner.setup()
    following = asyncio.create_task(server.keep_up())
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        print(f"Status page on http://{shown}:{bound}/ from {directory}", flush=True)  # noqa: T201
        await _until_stopped()
    finally:
        following.cancel()
        await runner.cleanup()


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    if sys.platform != "win32":
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await stopped.wait()


def _headers(embed: str) -> CIMultiDict[str]:
    made = CIMultiDict(
        {
            hdrs.SERVER: "Sitrep",
            "Content-Security-Policy": _CSP.format(embed or "'none'"),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
    )
    if not embed:
        made["X-Frame-Options"] = "DENY"
    return made


def _name(path: str) -> str:
    """The file that a path asks for, as the manifest names it."""
    name = path[1:]
    if not name:
        return "index.html"
    if name.startswith("incidents/") and not name.endswith(".html"):
        return f"{name.rstrip('/')}/index.html"
    return name if name != "404.html" else ""


def _matches(asked: str, etag: str) -> bool:
    # RFC 9110, 13.1.2: weak comparison.
    bare = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") in {bare, "*"} for tag in asked.split(","))


def _takes_gzip(accepted: str) -> bool:
    if "gzip" not in accepted:
        return False
    for coding in accepted.split(","):
        name, _, quality = coding.partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _mark(directory: Path) -> tuple[int, int, int]:
    try:
        found = (directory / folder.MANIFEST).stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)
