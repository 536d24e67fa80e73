"""`sitrep` as people run it, against a real server on a SQLite file of the test's own."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from bot.__main__ import main
from bot.api import Access, api_routes, problems_as_json
from comms.bell import Bell
from comms.desk import Desk
from comms.fanout import Runner, Slots
from comms.plan.model import ChannelName
from comms.routes import only
from comms.testing import FakeTransport, HeldClock
from storage.database import Database
from storage.ledger import SqlLedger

TOKEN = "a token of this test"


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


Sitrep = Callable[..., Said]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in os.environ:
        if name.startswith("SITREP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def sitrep(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sitrep:
    """Run `sitrep` with these words."""

    def run(*words: str) -> Said:
        monkeypatch.setattr("sys.argv", ["sitrep", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return run


@dataclass(frozen=True)
class Server:
    """A server in a thread of its own: commands are programs of their own, too."""

    base: str
    loop: asyncio.AbstractEventLoop
    mail: Runner
    relay: FakeTransport

    def deliver(self) -> None:
        """Fan out what is due by mail."""
        asyncio.run_coroutine_threadsafe(self.mail.run_until_idle(), self.loop).result(10)


@pytest.fixture
def server(
    desk: Desk, database: Database, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """An installation that the settings name."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    app = web.Application(middlewares=[problems_as_json])
    app.add_routes(api_routes(desk, Access(token=TOKEN)))
    runner = web.AppRunner(app)
    base = asyncio.run_coroutine_threadsafe(_start(runner), loop).result(10)
    relay = FakeTransport()
    mail = Runner(
        channel=ChannelName.MAIL,
        routes=only(relay),
        ledger=SqlLedger(database),
        clock=clock,
        bell=Bell(),
        owner="test",
        slots=Slots(),
    )
    monkeypatch.setenv("SITREP_BASE_URL", base)
    monkeypatch.setenv("SITREP_API_TOKEN", TOKEN)
    yield Server(base, loop, mail, relay)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


async def _start(runner: web.AppRunner) -> str:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"
