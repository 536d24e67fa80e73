"""The fan-out's scenario `disturb`: what the bot's users notice while an update goes to many.

The whole product runs as it is deployed on one machine, with a sender that does nothing: no relay
is as quick, so nothing disturbs more. From a second process people declare incidents, a turn that
waits for the disk: first while nothing goes out, then from the approval until the last outcome is
committed. The peer is the same product at rest, moments before.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection
from statistics import quantiles
from typing import Any

import aiohttp
import uvloop
from aiohttp import web

from bot.bench.declaring import declaration, deployed
from bot.bench.fanning import PERSON, Draft, NoOp, accepted, approved, drafted
from bot.bench.load import measure
from bot.bench.process import address, closed, process
from bot.bench.report import Measured, Progress, medians, quietly, ratio
from bot.bench.turns import serve_sink
from bot.metrics.lag import watch_lag
from bot.root import Product
from comms.plan.model import ChannelName

PEOPLE = 8
PAUSE = 0.1
"""Eight people at it, each a tenth of a second after the last answer: some seventy turns a second,
more than an organisation has, and few enough that they do not disturb each other."""

SLICE = 0.5
"""Seconds of turns between two looks at what is left to send."""

LAG_EVERY = 0.01

P99, LAG = "turn_p99_ms", "lag_p99_ms"
Turns = Callable[[float], list[float]]
"""Sends turns for so many seconds; returns how long each took."""


def run(
    rounds: int = 5,
    *,
    recipients: int = 100_000,
    idle: float = 3.0,
    progress: Progress = quietly,
) -> dict[str, Any]:
    """Return the p99 of turns and of the loop's lag (ms), idle and busy, medians of the rounds.

    `{recipients, idle: {turns, turn_p50_ms, turn_p99_ms, lag_p99_ms}, busy: {…,
    deliveries_per_second}, ratios: {busy_p99/idle_p99}}`. `idle` are seconds.
    """
    at_rest, at_work = [], []
    with process(serve_sink) as sink:
        for number in range(rounds):
            progress(f"round {number + 1} of {rounds}")
            quiet, busy = _round(sink, recipients, idle)
            at_rest.append(quiet)
            at_work.append(busy)
    return {
        "recipients": recipients,
        "idle": medians(at_rest),
        "busy": medians(at_work),
        "ratios": {"busy_p99/idle_p99": ratio(at_work, at_rest, P99)},
    }


def _round(sink: str, recipients: int, idle: float) -> tuple[Measured, Measured]:
    with ExitStack() as running:
        url = running.enter_context(process(_serve, recipients))
        return uvloop.run(_measured(url, sink, recipients, idle))


async def _measured(url: str, sink: str, recipients: int, idle: float) -> tuple[Measured, Measured]:
    template = json.dumps(declaration(sink)).encode()
    numbers = iter(range(10_000_000, 1_000_000_000, 1_000_000))

    async def turns(seconds: float) -> list[float]:
        return await measure(
            url,
            template,
            first=next(numbers),
            concurrency=PEOPLE,
            seconds=seconds,
            pause=PAUSE,
        )

    async with aiohttp.ClientSession(url) as product:
        await turns(idle / 3)  # only warms up
        await _ask(product, "/bench/lag")
        at_rest = _figures(await turns(idle), await _ask(product, "/bench/lag"))
        await _ask(product, "/bench/approve")
        took: list[float] = []
        while (progress := await _ask(product, "/bench/progress"))["accepted"] < recipients:
            took += await turns(SLICE)
        at_work = _figures(took, await _ask(product, "/bench/lag"))
    return at_rest, {**at_work, "deliveries_per_second": recipients / progress["seconds"]}


async def _ask(product: aiohttp.ClientSession, path: str) -> Any:
    async with product.post(path) as answer:
        answer.raise_for_status()
        return await answer.json()


def _figures(took: list[float], lags: list[float]) -> dict[str, float]:
    cuts = quantiles(took, n=100, method="inclusive")
    return {
        "turns": len(took),
        "turn_p50_ms": cuts[49] * 1000,
        P99: cuts[98] * 1000,
        LAG: quantiles(lags, n=100, method="inclusive")[98] * 1000,
    }


def _serve(recipients: int, until_closed: Connection) -> None:
    """Be the product, with an update drafted that waits for its approval."""

    async def serve() -> None:
        app, product = await deployed({ChannelName.MAIL: NoOp()})
        update = await product.desk.do(drafted, PERSON, "bench", recipients)
        inside = Inside(product, update)
        app.add_routes(inside.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gc.freeze()  # as `sitrep serve`
        async with asyncio.TaskGroup() as watching:
            lag = watching.create_task(watch_lag(inside.lags.append, every=LAG_EVERY))
            until_closed.send(address(runner.addresses[0]))
            await closed(until_closed)
            lag.cancel()
        await runner.cleanup()

    uvloop.run(serve())


class Inside:
    """What the measuring process asks of the product's own process."""

    def __init__(self, product: Product, update: Draft) -> None:
        self.lags: list[float] = []
        self._product = product
        self._update = update
        self._began = 0.0

    def routes(self) -> list[web.RouteDef]:
        """Return them for the product's app."""
        return [
            web.post("/bench/approve", self.approve),
            web.post("/bench/progress", self.progress),
            web.post("/bench/lag", self.lag),
        ]

    async def approve(self, _request: web.Request) -> web.Response:
        """Approve the update."""
        self._began = asyncio.get_running_loop().time()
        await self._product.desk.do(approved, PERSON, "bench", self._update)
        return web.json_response({})

    async def progress(self, _request: web.Request) -> web.Response:
        """Say how many are accepted, and the seconds since the approval."""
        done = await self._product.desk.read(accepted, PERSON, "bench", self._update)
        seconds = asyncio.get_running_loop().time() - self._began
        return web.json_response({"accepted": done, "seconds": seconds})

    async def lag(self, _request: web.Request) -> web.Response:
        """Give the loop's lags (seconds) since this was asked last."""
        lags, self.lags[:] = list(self.lags), []
        return web.json_response(lags)
