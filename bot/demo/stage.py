"""The demo's stage: the product as it is, with a town of people and a mail server around it."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from bot.api import Access
from bot.channels import SLOTS
from bot.demo.app import demo_app
from bot.demo.cast import COMPANY, ELENA, INES
from bot.demo.catcher import Catcher
from bot.demo.clock import ScaledClock
from bot.demo.feed import Feed
from bot.demo.replay import SPEED, Progress, Replay
from bot.demo.scenario import Scenario
from bot.demo.sources import DemoSources
from bot.demo.teams.simulator import Simulator
from bot.demo.teams.wire import Wire
from bot.demo.told import Told
from bot.demo.town import people
from bot.root import Product, sitrep
from bot.settings import Settings
from comms.acts.people import import_recipients
from comms.errors import Invalid, Unavailable
from comms.fanout import Slots
from comms.ledger import LONGEST_LEASE
from comms.people import SITREP, Person
from comms.plan.load import load
from comms.plan.model import ChannelName, Plan
from comms.throttle import Unthrottled

HOST = "127.0.0.1"
STATUS_WITHIN = 20.0
"""Seconds in which the status process must answer."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that is on stage, once all of it answers. `url` is the product's own."""

    url: str
    status_url: str
    product: Product
    teams: Simulator
    mail: Catcher
    replay: Replay
    clock: ScaledClock
    feed: Feed
    told: Told


@asynccontextmanager
async def stage(
    scenario: Scenario,
    *,
    port: int = 0,
    speed: float = SPEED,
    installed: bool = True,
    plan: Plan | None = None,
    tell: Callable[[Progress], None] = lambda _progress: None,
) -> AsyncIterator[Stage]:
    """Set the stage on loopback (`port` 0: a free one) and take it down again.

    `installed`: the app is in the team's channel from the start. `plan` replaces the demo's own.

    It is the product of `bot.root` on a temporary SQLite file. Only three things differ from a
    deployed one: its clock can run at ×60, it asks nobody for a token, and Teams, the relay and
    the readers are the demo's own.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="sitrep-demo-")))
        listening = stack.enter_context(_listen(port))
        url = f"http://{HOST}:{listening.getsockname()[1]}"
        clock, feed = ScaledClock(), Feed()
        mail = Catcher(clock=clock, feed=feed)
        await mail.start()
        stack.push_async_callback(mail.stop)
        status_url = await stack.enter_async_context(_status_process(folder / "status", embed=url))
        product = await stack.enter_async_context(
            sitrep(
                _settings(folder, url=url, mail_url=mail.url, status_url=status_url),
                plan=plan or demo_plan(),
                clock=clock,
                access=Access(is_open=True),
                slots=_patient(SLOTS),
                # A rate on a clock that leaps and stands still would mean nothing.
                throttle=Unthrottled(),
            )
        )
        session = await stack.enter_async_context(aiohttp.ClientSession())
        teams = Simulator(
            wire=Wire(session, f"{url}/api/messages"),
            service_url=f"{url}/teams",
            clock=clock,
            feed=feed,
        )
        set_up = Stage(
            url=url,
            status_url=status_url,
            product=product,
            teams=teams,
            mail=mail,
            replay=Replay(
                scenario=scenario, teams=teams, clock=clock, feed=feed, tell=tell, speed=speed
            ),
            clock=clock,
            feed=feed,
            told=Told(desk=product.desk, session=session, status_url=status_url),
        )
        product.app.add_subapp("/teams", teams.connector.app())
        product.app.add_subapp("/demo", demo_app(_sources(set_up)))
        await stack.enter_async_context(_answering(product.app, listening))
        for audience, crowd in people().items():
            await product.desk.do(
                import_recipients, SITREP, "api", audience, people=crowd, refused=()
            )
        if installed:
            await teams.install(INES)
        stack.push_async_callback(set_up.replay.stop)
        yield set_up


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as taken:
        listening.close()
        raise Invalid(
            f"Cannot listen on {HOST}:{port}: {taken.strerror}. Choose another with --port."
        ) from None
    return listening


def _settings(folder: Path, *, url: str, mail_url: str, status_url: str) -> Settings:
    return Settings(
        database_url=SecretStr(f"sqlite:///{folder / 'sitrep.db'}"),
        base_url=url,
        smtp_url=SecretStr(mail_url),
        mail_from=f"{COMPANY} incidents <incidents@northwindpay.example>",
        status_dir=folder / "status",
        status_url=status_url,
    )


def _patient(slots: Mapping[ChannelName, Slots]) -> dict[ChannelName, Slots]:
    """Leases for demo time: two minutes of it pass in two seconds, and a mail may take longer."""
    return {name: replace(one, lease=LONGEST_LEASE) for name, one in slots.items()}


def demo_plan() -> Plan:
    """Return the shipped plan as the demo's company has it."""
    manager = Person(
        name=ELENA.name, email=ELENA.email, entra_id=ELENA.entra_id, teams_id=ELENA.teams_id
    )
    return replace(load(None), organisation=COMPANY, duty_manager=manager)


def _sources(set_up: Stage) -> DemoSources:
    told = set_up.told
    return DemoSources(
        teams=set_up.teams,
        mail=set_up.mail,
        clock=set_up.clock,
        feed=set_up.feed,
        replay=set_up.replay,
        status_url=set_up.status_url,
        timeline=told.timeline,
        updates=told.updates,
        promises=told.promises,
        deliveries=told.deliveries,
        status_version=told.status_version,
    )


@asynccontextmanager
async def _answering(app: web.Application, listening: socket.socket) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _status_process(directory: Path, *, embed: str) -> AsyncIterator[str]:
    """Run the status page as what it is, a process of its own; yield its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "status", "serve"),
        *("--dir", str(directory), "--host", HOST, "--port", "0", "--embed", embed),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield await _address(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101 (it was asked for)
    try:
        async with asyncio.timeout(STATUS_WITHIN):
            line = (await process.stdout.readline()).decode()
    except TimeoutError:
        line = ""
    found = re.search(r"http://[\w.:]+", line)
    if not found:
        raise Unavailable("The status page's process did not start.")
    return found[0].rstrip("/")
