"""The job engine's own tables: procrastinate's schema, kept to the version that is installed.

procrastinate ships its changes in two kinds of files: those that both the old and the new version
can work with, and ('post') those that only the new one can. An upgrade runs while the version
before still works, so it leaves the second kind to the upgrade after it.
https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

import psycopg
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

from comms.errors import Unavailable

BOOK = "engine_migration"
"""The table of the files that are known here; those not `applied` wait for the next upgrade."""


def upgrade(connection: Connection) -> None:
    """Make the engine's tables, or bring them up to date. Postgres only."""
    connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {BOOK}"
            " (name varchar PRIMARY KEY, applied boolean NOT NULL)"
        )
    )
    known, shipped = _known(connection), _shipped()
    if not known:
        _make(connection)
        _keep(connection, shipped, applied=True)
        return
    now, later = due(known, shipped)
    for name in now:
        _run(connection, _folder().joinpath(name).read_text(encoding="utf-8"))
    _keep(connection, now, applied=True)
    _keep(connection, later, applied=False)


def due(known: Mapping[str, bool], shipped: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return which files to run now, in this order, and which to leave to the next upgrade.

    `known` says of each file that an earlier upgrade has met whether it was run.
    """
    fresh = [name for name in shipped if name not in known]
    if not fresh:
        return [], []  # the same version again: the one before may still be at work
    put_off = sorted(name for name, applied in known.items() if not applied)
    later = [name for name in fresh if "_post_" in name]
    return [*put_off, *(name for name in fresh if name not in later)], later


def check(connection: Connection) -> None:
    """Raise Unavailable where the engine's tables are older than the engine."""
    there = connection.execute(text("SELECT to_regclass(:name)"), {"name": BOOK}).scalar()
    if there is None or set(_shipped()) - _known(connection).keys():
        raise Unavailable(
            "The job engine's tables are older than this program: run 'sitrep db upgrade'."
        )


def _known(connection: Connection) -> Mapping[str, bool]:
    rows = connection.execute(text(f"SELECT name, applied FROM {BOOK} ORDER BY name"))  # noqa: S608
    return {row.name: row.applied for row in rows}


def _shipped() -> list[str]:
    return sorted(file.name for file in _folder().iterdir() if file.name.endswith(".sql"))


def _folder() -> Traversable:
    return files("procrastinate.sql").joinpath("migrations")


def _make(connection: Connection) -> None:
    """The whole schema at once, where there is none yet."""
    if connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar() is not None:
        raise Unavailable(
            "Another program keeps its procrastinate jobs in this database: give Sitrep a database"
            " of its own."
        )
    _run(connection, SchemaManager.get_schema())


def _run(connection: Connection, script: str) -> None:
    """Run many statements at once, in the connection's own transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 (what `storage.connect` chose)
    driver.execute(script.encode())


def _keep(connection: Connection, names: Iterable[str], *, applied: bool) -> None:
    for name in names:
        connection.execute(
            text(
                f"INSERT INTO {BOOK} (name, applied) VALUES (:name, :applied)"  # noqa: S608
                " ON CONFLICT (name) DO UPDATE SET applied = excluded.applied"
            ),
            {"name": name, "applied": applied},
        )
