"""Column types: UTC times and JSON documents, the same on SQLite and on Postgres."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine

T = TypeVar("T")


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz on Postgres, sortable ISO text on SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type in the database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive time: nobody could say what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be kept")
        return text_of(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give the time back aware and in UTC."""
        if value is None:
            return None
        return time_of(value) if isinstance(value, str) else value.astimezone(UTC)


def text_of(moment: datetime) -> str:
    """Return a time as SQLite keeps it: fixed width, so that text order is time order."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}Z"


def time_of(text: str) -> datetime:
    """Return the time that SQLite kept."""
    return datetime.fromisoformat(text)


def document(adapter: TypeAdapter[T], value: T) -> Any:
    """Return a frozen dataclass as a JSON document."""
    return adapter.dump_python(value, mode="json")
