"""How the database is connected to: once for writing, once for reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError

from comms.errors import Invalid

PATIENCE = 10.0
"""Seconds to wait for another program's lock; `?timeout=` in a SQLite URL says otherwise."""


EXAMPLES = "Examples: sqlite:///./sitrep.db, postgresql+psycopg://user:password@host/sitrep."


_JSON: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


def is_sqlite(url: str) -> bool:
    """True for the embedded database; Invalid for what is no database URL."""
    try:
        return make_url(url).get_backend_name() == "sqlite"
    except ArgumentError:
        raise Invalid(f"SITREP_DATABASE_URL is no database URL. {EXAMPLES}") from None


def connect(url: str, *, durable: bool, patience: float) -> tuple[Engine, Engine]:
    """Return an engine whose transactions write, and one whose transactions only see.

    `patience` is how long, in seconds, one waits for another's lock on Postgres.
    """
    if is_sqlite(url):
        return _sqlite(url, durable=durable)
    try:
        engine = create_engine(with_driver(url), pool_size=8, pool_pre_ping=True, **_JSON)
    except (ArgumentError, ImportError):
        raise Invalid(f"SITREP_DATABASE_URL names an unknown database. {EXAMPLES}") from None
    event.listen(engine, "connect", _not_longer_than(patience))
    return engine, engine.execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )


def with_driver(url: str) -> URL:
    """Return the URL with the driver that Sitrep brings along, however Postgres is spelt."""
    parsed = make_url(url)
    is_plain = parsed.drivername in {"postgresql", "postgres"}
    return parsed.set(drivername="postgresql+psycopg") if is_plain else parsed


def libpq(url: str) -> str:
    """Return a Postgres URL as its own programs and drivers take it."""
    return with_driver(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _sqlite(url: str, *, durable: bool) -> tuple[Engine, Engine]:
    patience = float(str(make_url(url).query.get("timeout", PATIENCE)))
    wanted = {"timeout": patience, "check_same_thread": False}
    writer = create_engine(url, connect_args=wanted, **_JSON)
    event.listen(writer, "connect", _pragmas(synchronous="FULL" if durable else "OFF"))
    # At once: a transaction that begins by reading could fail when it comes to write.
    event.listen(writer, "begin", _begin("BEGIN IMMEDIATE"))
    reader = create_engine(url, connect_args=wanted, **_JSON)
    event.listen(reader, "connect", _pragmas(query_only="ON"))
    event.listen(reader, "begin", _begin("BEGIN"))
    return writer, reader


def _pragmas(**pragmas: str) -> Callable[[Any, Any], None]:
    # WAL: readers and the writer do not wait for each other. FULL: what was committed survives a
    # power cut too; the group commit pays for it.
    wanted = {"journal_mode": "WAL", "foreign_keys": "ON"} | pragmas

    def configure(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: `_begin` does, with the right lock.
        connection.isolation_level = None
        # SQLite's own lower() knows ASCII only.
        connection.create_function("lower", 1, _lower, deterministic=True)
        for name, value in wanted.items():
            connection.execute(f"PRAGMA {name}={value}").close()

    return configure


def _not_longer_than(patience: float) -> Callable[[Any, Any], None]:
    def configure(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = {round(patience * 1000)}").close()
        connection.autocommit = False

    return configure


def _begin(statement: str) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


def _lower(text: str | None) -> str | None:
    return text.lower() if isinstance(text, str) else text
