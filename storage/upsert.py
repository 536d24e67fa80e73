"""Insert unless it is there: the statement that makes 'once' true, on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_ignoring(
    session: Session, table: type[SQLModel], values: Mapping[str, Any], *, on: tuple[str, ...]
) -> bool:
    """Insert one row; False where a row with the same `on` columns is there already."""
    statement = _ignoring(dialect_of(session), table, on)
    # Without this, psycopg's count of an INSERT is gone by the time it is asked for: it is -1.
    counted = {"preserve_rowcount": True}
    done = session.connection().execute(statement, dict(values), execution_options=counted)
    return done.rowcount == 1


def insert_all_ignoring(
    session: Session,
    table: type[SQLModel],
    rows: Sequence[Mapping[str, Any]],
    *,
    on: tuple[str, ...],
) -> None:
    """Insert these rows, without those whose `on` columns are there already."""
    session.connection().execute(_ignoring(dialect_of(session), table, on), rows)


def dialect_of(session: Session) -> str:
    """Return the name of the session's database."""
    return session.get_bind().dialect.name


def insert_into(table: type[SQLModel], dialect: str) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that can say what to do about a conflict, as the database words it."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _ignoring(dialect: str, table: type[SQLModel], on: tuple[str, ...]) -> Executable:
    return insert_into(table, dialect).on_conflict_do_nothing(index_elements=on)
