"""Many rows in one statement: as JSON on SQLite, as arrays on Postgres.

A statement for each row costs more than the row, and on SQLite it takes the interpreter's lock
from whoever answers Teams: one for all works without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, CursorResult


@dataclass(frozen=True)
class Rowset:
    """The columns of such rows, by name and Postgres' type."""

    name: str
    columns: tuple[tuple[str, str], ...]

    def source(self, dialect: str) -> str:
        """Return what stands in FROM; its parameters are those of `given`."""
        if dialect != "sqlite":
            arrays = ", ".join(f"?::{kind}[]" for _, kind in self.columns)
            return f"unnest({arrays}) AS {self.name} ({', '.join(self._names)})"
        columns = (
            f"json_extract(value, '$[{place}]') AS {column}"
            for place, column in enumerate(self._names)
        )
        return f"(SELECT {', '.join(columns)} FROM json_each(?)) AS {self.name}"  # noqa: S608 (names from this program)

    def given(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
        """Return rows (at least one) as the parameters of `source`."""
        if connection.dialect.name == "sqlite":
            return (orjson.dumps(rows).decode(),)
        return tuple(list(column) for column in zip(*rows, strict=True))

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.columns)


def tuples(result: CursorResult[Any]) -> list[tuple[Any, ...]]:
    """Return all rows as the driver has them: to make a `Row` of each takes as long as to read it.

    Only of statements on the bare driver, whose values need no conversion.
    """
    return list(result.cursor.fetchall())


@cache
def spelt(statement: str, dialect: str, *rowsets: Rowset) -> str:
    """Return a statement as the driver takes it, with a rowset's source for each `{name}`."""
    for rows in rowsets:
        statement = statement.replace(f"{{{rows.name}}}", rows.source(dialect))
    if dialect == "sqlite":
        return statement.replace("{skip_locked}", "")
    return statement.replace("?", "%s").replace("{skip_locked}", "FOR UPDATE SKIP LOCKED")
