"""A process for each contender, so that none takes time from another's event loop."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from comms.errors import Unavailable

SPAWN = multiprocessing.get_context("spawn")
START_WITHIN = 30.0


@contextmanager
def process(serve: Callable[..., None], *arguments: Any) -> Iterator[str]:
    """Run `serve` in a process of its own; yield the address that it reports.

    `serve` gets the arguments and a pipe: it sends its address and serves until the pipe closes.
    """
    ours, theirs = SPAWN.Pipe()
    running = SPAWN.Process(target=serve, args=(*arguments, theirs), daemon=True)
    running.start()
    theirs.close()
    try:
        yield _reported(ours)
    finally:
        ours.close()
        running.join(timeout=5)
        if running.is_alive():
            running.kill()


def _reported(pipe: Connection) -> str:
    """Return the address. Raises Unavailable where the process ended or hangs instead."""
    try:
        said: str = pipe.recv() if pipe.poll(START_WITHIN) else ""
    except EOFError:
        said = ""
    if not said:
        raise Unavailable("A contender did not start; what it said is above.")
    return said


def address(name: Sequence[Any]) -> str:
    """Return the URL of a bound socket's name."""
    return f"http://{name[0]}:{name[1]}"


async def closed(pipe: Connection) -> None:
    """Return once the other end is gone."""
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(pipe.fileno(), gone.set)
    await gone.wait()
