"""A status server on a free port, with a client for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, web
from multidict import CIMultiDictProxy

from bot.status.server import StatusServer


@dataclass(frozen=True)
class Reply:
    """What came back, the body as it was on the wire."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


class Page:
    """A running status server and a client for it."""

    def __init__(self, server: StatusServer, session: ClientSession, *, port: int) -> None:
        self.server = server
        self.url = f"http://127.0.0.1:{port}"
        self._session = session
        self._port = port

    async def get(self, path: str, *, method: str = "GET", **headers: str) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(
            method, path, headers=sent, skip_auto_headers=["Accept-Encoding"]
        ) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def raw(self, target: str) -> tuple[int, bytes]:
        """Ask without a client that would tidy up the path."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        return int(answer.split()[1]), answer


@asynccontextmanager
async def serving(directory: Path, *, embed: str = "") -> AsyncIterator[Page]:
    """Serve the directory on a free port; the test itself says when to look at it again."""
    server = StatusServer(directory, embed=embed)
    runner = web.ServerRunner(web.Server(server.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        async with ClientSession(f"http://127.0.0.1:{port}", auto_decompress=False) as session:
            yield Page(server, session, port=port)
    finally:
        await runner.cleanup()
