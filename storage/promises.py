"""Where promises and timers are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy
from sqlalchemy import Executable, Row, Select, bindparam, insert
from sqlmodel import Session, col, delete, select

from comms.bell import Topic
from comms.promise import Promise, PromiseState
from comms.timer import Timer
from storage.tables import PromiseRow, TimerRow
from storage.touch import touch
from storage.upsert import dialect_of, insert_into

# Plain columns, not mapped objects: hundreds of promises may come due in one and the same minute.
_READ = sqlalchemy.select(*(getattr(PromiseRow, field.name) for field in fields(Promise)))
_ADD = insert(PromiseRow).returning(col(PromiseRow.id), sort_by_parameter_order=True)
_SAVE = (
    sqlalchemy.update(PromiseRow)
    .where(col(PromiseRow.id) == bindparam("promise"))
    .values({name: bindparam(name) for name in ("due_at", "state", "answered_by", "answered_at")})
)
_TIMER = [getattr(TimerRow, field.name) for field in fields(Timer)]


class SqlPromises:
    """Promises in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, promises: Sequence[Promise]) -> tuple[Promise, ...]:
        """Keep new promises; the returned ones have their ids."""
        if not promises:
            return ()
        rows = [
            {
                "incident": promise.incident,
                "audience": promise.audience,
                "made_at": promise.made_at,
                "due_at": promise.due_at,
                "state": promise.state.value,
            }
            for promise in promises
        ]
        numbers = self._session.connection().scalars(_ADD, rows)
        return tuple(
            replace(promise, id=number or 0)
            for promise, number in zip(promises, numbers, strict=True)
        )

    def save(self, *promises: Promise) -> None:
        """Keep what became of them."""
        if not promises:
            return
        rows = [
            {
                "promise": promise.id,
                "due_at": promise.due_at,
                "state": promise.state.value,
                "answered_by": promise.answered_by,
                "answered_at": promise.answered_at,
            }
            for promise in promises
        ]
        self._session.connection().execute(_SAVE, rows)

    def find(self, ids: Sequence[int]) -> tuple[Promise, ...]:
        """Return the promises of these ids."""
        return self._read(_READ.where(col(PromiseRow.id).in_(ids)))

    def of(self, incident: str) -> tuple[Promise, ...]:
        """All promises of an incident, oldest first."""
        of = _READ.where(col(PromiseRow.incident) == incident)
        return self._read(of.order_by(col(PromiseRow.id)))

    def owed(self) -> tuple[Promise, ...]:
        """All promises of all incidents that wait for an update, soonest first."""
        owed = _READ.where(
            col(PromiseRow.answered_at).is_(None),
            col(PromiseRow.state) != PromiseState.WITHDRAWN.value,
        )
        return self._read(owed.order_by(col(PromiseRow.due_at)))

    def _read(self, query: Select[Any]) -> tuple[Promise, ...]:
        return tuple(_promise(row) for row in self._session.connection().execute(query))


def _promise(row: Row[Any]) -> Promise:
    return Promise(
        id=row.id,
        incident=row.incident,
        audience=row.audience,
        made_at=row.made_at,
        due_at=row.due_at,
        state=PromiseState(row.state),
        answered_by=row.answered_by,
        answered_at=row.answered_at,
    )


@cache
def _set_timer(dialect: str) -> Executable:
    statement = insert_into(TimerRow, dialect)
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "due_at": statement.excluded.due_at,
            "generation": col(TimerRow.generation) + 1,
        },
    )


class SqlTimers:
    """Timers in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def set(self, timers: Sequence[Timer]) -> None:
        """Set or move the timers of these keys."""
        if not timers:
            return
        touch(self._session, Topic.TIMERS)
        rows = [
            {
                "key": timer.key,
                "due_at": timer.due_at,
                "kind": timer.kind,
                "incident": timer.incident,
                "subject": timer.subject,
                "generation": 0,
            }
            for timer in timers
        ]
        self._session.connection().execute(_set_timer(dialect_of(self._session)), rows)

    def cancel(self, prefix: str) -> None:
        """Forget all timers whose key begins with `prefix`."""
        self._session.exec(
            delete(TimerRow).where(col(TimerRow.key).startswith(prefix, autoescape=True))
        )

    def due(self, now: datetime, *, kinds: Sequence[str], limit: int) -> tuple[Timer, ...]:
        """Take out and return the timers of these kinds that are due, earliest first."""
        due = (
            select(TimerRow.key)
            .where(TimerRow.due_at <= now, col(TimerRow.kind).in_(kinds))
            .order_by(col(TimerRow.due_at), col(TimerRow.key))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        taken = self._session.connection().execute(
            delete(TimerRow).where(col(TimerRow.key).in_(due)).returning(*_TIMER)
        )
        timers = (Timer(**row._asdict()) for row in taken)
        return tuple(sorted(timers, key=lambda timer: (timer.due_at, timer.key)))

    def next_due(self, kinds: Sequence[str]) -> datetime | None:
        """When the earliest timer of these kinds is due."""
        earliest = select(TimerRow.due_at).where(col(TimerRow.kind).in_(kinds))
        return self._session.exec(earliest.order_by(col(TimerRow.due_at)).limit(1)).first()
