"""`sitrep bench turns`: turns per second of this edge, the stock SDK adapter and a bare handler.

Each contender and the sink has a process of its own; the load comes from a further one. All run
on uvloop. Rounds are interleaved, so what else the machine does falls on all of them alike.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from statistics import quantiles
from typing import Any

import typer
import uvloop
from aiohttp import web
from rich.console import Console
from rich.table import Table

from bot.bench.contenders import ECHOES, Build, Contender
from bot.bench.declaring import DECLARE
from bot.bench.load import Sink, measure
from bot.bench.process import address, closed, process
from bot.bench.report import Progress, medians, present, quietly, ratio


def run(
    rounds: int = 7,
    *,
    concurrency: int = 8,
    seconds: float = 1.5,
    contenders: Sequence[Contender] = ECHOES,
    progress: Progress = quietly,
) -> dict[str, Any]:
    """Return each contender's medians over the rounds, and the ratios between them.

    `{rounds, concurrency, seconds, NAME: {turns_per_second, p50_ms, p99_ms}, ratios}`; a ratio is
    the median of the rounds' own ratios, of turns/s (`sitrep/stock`) and of p99
    (`declare_p99/sitrep_p99` for a contender that is not an echo).
    """
    taken: dict[str, list[list[float]]] = {contender.name: [] for contender in contenders}
    with ExitStack() as running:
        sink = running.enter_context(process(serve_sink))
        urls = {
            contender.name: running.enter_context(process(_serve_bot, contender.build, sink))
            for contender in contenders
        }
        for number in range(-1, rounds):  # the first one only warms up
            for contender in contenders:
                progress(f"round {max(number, 0)} of {rounds}: {contender.name}")
                template = json.dumps(contender.activity(sink)).encode()
                turns = measure(
                    urls[contender.name],
                    template,
                    first=(number + 2) * 10_000_000,
                    concurrency=concurrency,
                    seconds=seconds if number >= 0 else seconds / 4,
                )
                took = uvloop.run(turns)
                if number >= 0:
                    taken[contender.name].append(took)
    results = {name: [_round(took, seconds) for took in all_] for name, all_ in taken.items()}
    return {
        "rounds": rounds,
        "concurrency": concurrency,
        "seconds": seconds,
        **{name: medians(measured) for name, measured in results.items()},
        "ratios": _ratios(results),
    }


def _round(took: list[float], seconds: float) -> dict[str, float]:
    cuts = quantiles(took, n=100, method="inclusive")
    return {
        "turns_per_second": len(took) / seconds,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
    }


def _ratios(results: dict[str, list[dict[str, float]]]) -> dict[str, float]:
    echoes = {contender.name for contender in ECHOES}
    ratios = {
        f"sitrep/{peer}": ratio(results["sitrep"], results[peer], "turns_per_second", 3)
        for peer in ("stock", "bare")
        if {"sitrep", peer} <= results.keys()
    }
    for name in results.keys() - echoes:
        ratios[f"{name}_p99/sitrep_p99"] = ratio(results[name], results["sitrep"], "p99_ms", 3)
    return ratios


def serve_sink(until_closed: Connection) -> None:
    """Be the connector that every contender calls."""

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Sink, "127.0.0.1", 0)
        until_closed.send(address(server.sockets[0].getsockname()))
        await closed(until_closed)

    uvloop.run(serve())


def _serve_bot(build: Build, sink: str, until_closed: Connection) -> None:
    async def serve() -> None:
        runner = web.AppRunner(await build(sink), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gc.freeze()  # as a server does at its start: the SDK's modules never become garbage
        until_closed.send(address(runner.addresses[0]))
        await closed(until_closed)
        await runner.cleanup()

    uvloop.run(serve())


def show(result: dict[str, Any], console: Console) -> None:
    """Print the result for a person."""
    table = Table("", "turns/s", "p50 ms", "p99 ms")
    for name, measured in result.items():
        if isinstance(measured, dict) and "p50_ms" in measured:
            table.add_row(name, *(f"{measured[key]:,.1f}" for key in measured))
    console.print(table)
    for name, value in result["ratios"].items():
        console.print(f"{name}: {value:.2f}")


def main(
    rounds: int = 7, seconds: float = 1.5, as_json: bool = typer.Option(False, "--json")
) -> None:
    """Measure, and print a table or one JSON document."""
    present(
        lambda progress: run(
            rounds, seconds=seconds, contenders=(*ECHOES, DECLARE), progress=progress
        ),
        show,
        as_json=as_json,
    )


if __name__ == "__main__":
    typer.run(main)
