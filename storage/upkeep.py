"""The upkeep of a database: is it whole; of an embedded one, a copy while it is in use."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, make_url, text

from comms.delivery import DeliveryState
from comms.errors import Invalid, Unavailable
from storage.connect import is_sqlite
from storage.database import Database
from storage.speaking import speaking

PAGES = 1000
"""Pages copied at a time; the app writes in between."""

_STATES = [state.value for state in DeliveryState]

_WRONG_TOTALS = f"""
SELECT shard.id, {" + ".join(_STATES)} AS kept, coalesce(found.counted, 0) AS counted
FROM shard LEFT JOIN (
    SELECT shard_id, count(*) AS counted,
           {", ".join(f"sum(CASE state WHEN '{s}' THEN 1 ELSE 0 END) AS n_{s}" for s in _STATES)}
    FROM delivery GROUP BY shard_id
) AS found ON found.shard_id = shard.id
WHERE {" OR ".join(f"{s} <> coalesce(found.n_{s}, 0)" for s in _STATES)}
ORDER BY shard.id
"""  # noqa: S608 (the names are the program's own)

_STRAYS = (
    "SELECT id FROM delivery WHERE shard_id NOT IN (SELECT id FROM shard) ORDER BY id LIMIT 100"
)

Progress = Callable[[int, int], None]
"""Told how many pages are copied, and of how many."""


def file_of(url: str) -> Path | None:
    """Return the file of an embedded database; None for any other, or one in memory."""
    name = make_url(url).database if is_sqlite(url) else None
    return Path(name) if name and name != ":memory:" else None


def flaws(database: Database) -> list[str]:
    """Return what is wrong: with the file and its references (SQLite), with the ledger's totals.

    Postgres keeps its files and its references whole by itself.
    """
    with speaking(), database.reader.connect() as connection:
        found = _flaws_of_file(connection) if is_sqlite(database.url) else []
        found += [
            f"delivery {row.id} of the ledger has no shard"
            for row in connection.execute(text(_STRAYS))
        ]
        return found + [
            f"shard {row.id} of the ledger does not add up: {row.kept} deliveries by its totals,"
            f" {row.counted} by its rows"
            for row in connection.execute(text(_WRONG_TOTALS))
        ]


def _flaws_of_file(connection: Connection) -> list[str]:
    found = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check"))]
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    return [line for line in found if line != "ok"] + [
        f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there" for row in broken
    ]


def backup(url: str, target: Path, *, told: Progress = lambda _done, _all: None) -> int:
    """Copy the database to a new file as of one moment, while it is in use; return its bytes.

    The copy gets its name when it is whole: a broken backup leaves nothing that looks like one.
    Invalid where it is Postgres, the file exists already, or it cannot be written.
    """
    source = file_of(url)
    if source is None:
        raise Invalid(
            "This copies an SQLite file. For Postgres, use its own: pg_dump --format=custom."
        )
    if not source.is_file():
        raise Invalid(f"{source}: there is no database here.")
    if target.exists():
        raise Invalid(f"{target} exists already. Choose another name, or remove it first.")
    part = target.with_name(f".{target.name}.part")
    try:
        _copy(source, part, told)
        os.replace(part, target)
    except OSError as wrong:
        raise Invalid(f"{target}: cannot be written: {wrong.strerror}") from None
    except sqlite3.Error as wrong:
        raise Unavailable(f"The copy failed: {wrong}. Nothing was written.") from None
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(source: Path, part: Path, told: Progress) -> None:
    # Opened by ourselves first: SQLite only says that it could not, not why.
    part.write_bytes(b"")
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(part)) as copy,
    ):
        original.backup(
            copy, pages=PAGES, progress=lambda _status, left, pages: told(pages - left, pages)
        )
        copy.execute("PRAGMA journal_mode=DELETE")
    with part.open("rb") as written:
        os.fsync(written.fileno())
