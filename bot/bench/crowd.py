"""Readers who reload a page as fast as it comes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

import uvloop

from bot.bench.load import drive
from bot.bench.process import SPAWN
from bot.status.server import allow_many_readers


@contextmanager
def crowd(url: str, readers: int) -> Iterator[None]:
    """Have so many readers reload the page, in a process of their own, until the block ends."""
    ours, theirs = SPAWN.Pipe()
    reading = SPAWN.Process(target=_reload, args=(url, readers, theirs), daemon=True)
    reading.start()
    theirs.close()
    try:
        ours.recv()
        yield
    finally:
        reading.kill()
        reading.join()


def reloads(url: str) -> Iterator[bytes]:
    """Return a reader's requests, without end.

    Nothing compressed is asked for: nginx would do that anew for every request.
    """
    return itertools.repeat(f"GET / HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n\r\n".encode())


def _reload(url: str, readers: int, ready: Connection) -> None:
    allow_many_readers()
    uvloop.run(drive(url, reloads(url), concurrency=readers, seconds=0.01))
    ready.send(True)
    uvloop.run(drive(url, reloads(url), concurrency=readers, seconds=3600))
