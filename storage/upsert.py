"""Insert unless it is there: the statement that makes 'once' true, on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_ignoring(
    session: Session, table: type[SQLModel], values: Mapping[str, Any], *, on: Sequence[str]
) -> bool:
    """Insert one row; False where a row with the same `on` columns is there already."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing(index_elements=list(on))
    return bool(session.connection().execute(statement).rowcount)
