"""A real turn in the race: the whole product declares an incident, on SQLite."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from aiohttp import web
from pydantic import SecretStr

from bot.bench.contenders import Contender, echo_activity
from bot.bench.load import COUNTER
from bot.root import Product, sitrep
from bot.settings import Settings
from comms.channels.transport import Transport
from comms.plan.model import ChannelName


async def product(_sink: str) -> web.Application:
    """Return the product as it is deployed on one machine: every loop runs, commits are flushed.

    It opens a war room in the sink's channel for each incident, behind the turns that are
    measured.
    """
    app, _product = await deployed()
    return app


async def deployed(
    transports: Mapping[ChannelName, Transport] | None = None,
) -> tuple[web.Application, Product]:
    """Build it, with these transports in place of its own; it runs until the app is cleaned up."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    stack = AsyncExitStack()
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="sitrep-bench-")))
    settings = Settings(
        database_url=SecretStr(f"sqlite:///{folder / 'sitrep.db'}"), status_dir=folder / "status"
    )
    running = await stack.enter_async_context(sitrep(settings, transports=transports))

    async def closing(_app: web.Application) -> AsyncIterator[None]:
        yield
        await stack.aclose()

    running.app.cleanup_ctx.append(closing)
    return running.app, running


def declaration(sink: str) -> dict[str, Any]:
    """Return '@Sitrep declare …' as Teams sends it from a channel."""
    return echo_activity(sink) | {"text": f"declare Card payments are failing {COUNTER} sev2"}


DECLARE = Contender("declare", product, declaration)
