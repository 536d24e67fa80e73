"""`sitrep bench status`: the status page beside nginx, and what its readers cost the bot.

1. The status process and nginx serve the same directory; one sender asks each for the front page,
   in interleaved rounds. What counts is the processor time per request: the sender is as much a
   limit to the rate as they are.
2. A bot answers turns, one after another, while a crowd reloads the page: first without the crowd,
   then with the page in its own process, then with the page on the bot's own event loop.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import typer
import uvloop
from aiohttp import web
from rich.console import Console
from rich.table import Table

from bot.bench.contenders import echo_activity, sitrep
from bot.bench.crowd import crowd, reloads
from bot.bench.load import drive, measure
from bot.bench.process import address, closed, process
from bot.bench.report import Progress, medians, present, quietly
from bot.bench.turns import serve_sink
from bot.status.server import StatusServer, allow_many_readers
from comms.channels.page import snapshot
from comms.channels.page.state import Site

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
NGINX_CONF = """
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  open_file_cache max=100; types {{ text/html html; }}
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  server {{ listen 127.0.0.1:{port}; root {directory}; }}
}}
"""
CONNECTIONS = 16


@dataclass(frozen=True)
class Server:
    """A server under measurement and the process that does its work."""

    url: str
    pid: int


def run(
    rounds: int = 5,
    *,
    seconds: float = 2.0,
    readers: int = 1000,
    progress: Progress = quietly,
) -> dict[str, Any]:
    """Return the medians over the rounds.

    `{rounds, seconds, page_bytes, sitrep: {requests_per_second, cpu_us}, nginx: {…} or null,
    ratios: {…}, isolation: {readers, quiet_p50_ms, own_process_p50_ms, same_loop_p50_ms}}`; a
    ratio is the median of the rounds' own. `nginx` is null where it is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="sitrep-bench-") as home:
        directory = Path(home) / "page"
        site = Site(organisation="Example", time_zone=ZoneInfo("UTC"), url="http://127.0.0.1")
        snapshot.refresh(directory, site, now=datetime.now(UTC))
        return {
            "rounds": rounds,
            "seconds": seconds,
            "page_bytes": (directory / "index.html").stat().st_size,
            **_beside_nginx(directory, rounds, seconds, progress),
            "isolation": _isolation(directory, seconds, readers, progress),
        }


def _beside_nginx(
    directory: Path, rounds: int, seconds: float, progress: Progress
) -> dict[str, Any]:
    with ExitStack() as running:
        servers = {"sitrep": running.enter_context(_status_process(directory))}
        if NGINX is not None:
            servers["nginx"] = running.enter_context(_nginx(directory))
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
        for number in range(-1, rounds):  # the first one only warms up
            for name, server in servers.items():
                progress(f"round {max(number, 0)} of {rounds}: {name}")
                took = _ask(server, seconds)
                if number >= 0:
                    taken[name].append(took)
    return {
        "sitrep": medians(taken["sitrep"], 1),
        "nginx": medians(taken["nginx"], 1) if "nginx" in taken else None,
        "ratios": _ratios(taken),
    }


def _ask(server: Server, seconds: float) -> dict[str, float]:
    before, began = _cpu_seconds(server.pid), time.perf_counter()
    took = uvloop.run(
        drive(server.url, reloads(server.url), concurrency=CONNECTIONS, seconds=seconds)
    )
    lasted, spent = time.perf_counter() - began, _cpu_seconds(server.pid) - before
    return {"requests_per_second": len(took) / lasted, "cpu_us": spent / len(took) * 1e6}


def _cpu_seconds(pid: int) -> float:
    """The user and system time that a process has used (Linux: proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ratios(taken: dict[str, list[dict[str, float]]]) -> dict[str, float]:
    pairs = list(zip(taken["sitrep"], taken.get("nginx", ()), strict=False))
    return {
        f"sitrep/nginx {key}": round(median(one[key] / other[key] for one, other in pairs), 2)
        for key in ("requests_per_second", "cpu_us")
        if pairs
    }


@contextmanager
def _status_process(directory: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "bot", "status", "serve", "--dir", str(directory)]
    with subprocess.Popen(  # noqa: S603 - this very program
        [*command, "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            line = running.stdout.readline() if running.stdout else ""
            yield Server(url=line.split()[3].rstrip("/"), pid=running.pid)
        finally:
            running.terminate()


@contextmanager
def _nginx(directory: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = directory.parent / "nginx"
    home.mkdir()
    config = home / "nginx.conf"
    config.write_text(NGINX_CONF.format(port=port, directory=directory))
    with subprocess.Popen([str(NGINX), "-p", str(home), "-c", str(config)]) as running:  # noqa: S603
        try:
            while running.poll() is None and not _listens(port):
                time.sleep(0.01)
            yield Server(url=f"http://127.0.0.1:{port}", pid=running.pid)
        finally:
            running.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def _isolation(
    directory: Path, seconds: float, readers: int, progress: Progress
) -> dict[str, float]:
    with ExitStack() as running:
        sink = running.enter_context(process(serve_sink))
        addresses = running.enter_context(process(_serve_bot_and_page, directory, sink))
        bot, own_page = addresses.split()
        page = running.enter_context(_status_process(directory))

        def turns() -> float:
            template = json.dumps(echo_activity(sink)).encode()
            first = time.monotonic_ns() // 1_000_000 % 10**10
            took = measure(bot, template, first=first, concurrency=1, seconds=seconds)
            return round(median(uvloop.run(took)) * 1000, 2)

        progress("the bot alone")
        turns()
        quiet = turns()
        progress(f"{readers} readers of the page's own process")
        with crowd(page.url, readers):
            apart = turns()
        progress(f"{readers} readers of a page on the bot's loop")
        with crowd(own_page, readers):
            together = turns()
    return {
        "readers": readers,
        "quiet_p50_ms": quiet,
        "own_process_p50_ms": apart,
        "same_loop_p50_ms": together,
    }


def _serve_bot_and_page(directory: Path, sink: str, until_closed: Connection) -> None:
    """Do what Sitrep does not: serve the page on the bot's event loop."""
    allow_many_readers()

    async def serve() -> None:
        answer = StatusServer(directory).answer
        page = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
        bot = web.AppRunner(await sitrep(sink), access_log=None, shutdown_timeout=0.1)
        for runner in (bot, page):
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        until_closed.send(f"{address(bot.addresses[0])} {address(page.addresses[0])}")
        await closed(until_closed)
        for runner in (bot, page):
            await runner.cleanup()

    uvloop.run(serve())


def show(result: dict[str, Any], console: Console) -> None:
    """Print the result for a person."""
    table = Table("", "requests/s", "CPU µs/request")
    for name in ("sitrep", "nginx"):
        if measured := result[name]:
            table.add_row(name, *(f"{value:,.1f}" for value in measured.values()))
    console.print(table)
    if not result["nginx"]:
        console.print("nginx is not installed (Debian: nginx-light), so nothing stands beside.")
    for name, value in result["ratios"].items():
        console.print(f"{name}: {value:.2f}")
    isolation = result["isolation"]
    console.print(
        f"A turn's p50: {isolation['quiet_p50_ms']} ms alone; with {isolation['readers']} readers "
        f"{isolation['own_process_p50_ms']} ms (the page in its own process) or "
        f"{isolation['same_loop_p50_ms']} ms (on the bot's loop, which Sitrep does not do)"
    )


def main(
    rounds: int = 5,
    seconds: float = 2.0,
    readers: int = 1000,
    as_json: bool = typer.Option(False, "--json"),
) -> None:
    """Measure, and print a table or one JSON document."""
    present(
        lambda progress: run(rounds, seconds=seconds, readers=readers, progress=progress),
        show,
        as_json=as_json,
    )


if __name__ == "__main__":
    typer.run(main)
