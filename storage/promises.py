"""Where promises and timers are kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Row, Select, and_, bindparam, insert
from sqlmodel import Session, col, delete, select

from comms.bell import Topic
from comms.promise import Promise, PromiseState
from comms.timer import Timer
from storage.ledger_sql import stamp
from storage.rowset import Rowset, spelt
from storage.tables import PromiseRow, TimerRow
from storage.touch import touch

# Plain columns, not mapped objects: hundreds of promises may come due in one and the same minute.
_READ = sqlalchemy.select(*(getattr(PromiseRow, field.name) for field in fields(Promise)))
_OF = _READ.where(col(PromiseRow.incident) == bindparam("key")).order_by(col(PromiseRow.id))
# What returns something goes out as one statement for all rows, in no promised order.
_ADDED = ("incident", "audience", "made_at", "due_at", "state")
_ADD = insert(PromiseRow).returning(*(col(getattr(PromiseRow, n)) for n in ("id", *_ADDED)))
_CHANGES = ("due_at", "state", "answered_by", "answered_at", "snoozed_until")
_SAVE = (
    sqlalchemy.update(PromiseRow)
    .where(col(PromiseRow.id) == bindparam("promise"))
    .values({name: bindparam(name) for name in _CHANGES})
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
            {name: getattr(promise, name) for name in _ADDED} | {"state": promise.state.value}
            for promise in promises
        ]
        numbers: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        for number, *added in self._session.connection().execute(_ADD, rows):
            numbers[tuple(added)].append(number)
        # Which of two that are alike in everything has which number is all one.
        return tuple(
            replace(promise, id=numbers[tuple(row.values())].pop())
            for promise, row in zip(promises, rows, strict=True)
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
                "snoozed_until": promise.snoozed_until,
            }
            for promise in promises
        ]
        self._session.connection().execute(_SAVE, rows)

    def find(self, ids: Sequence[int]) -> tuple[Promise, ...]:
        """Return the promises of these ids."""
        return self._read(_READ.where(col(PromiseRow.id).in_(ids)))

    def of(self, incident: str) -> tuple[Promise, ...]:
        """All promises of an incident, oldest first."""
        found = self._session.connection().execute(_OF, {"key": incident})
        return tuple(_promise(row) for row in found)

    def of_all(self, incidents: Sequence[str]) -> tuple[Promise, ...]:
        """All promises of these incidents, oldest first."""
        of = _READ.where(col(PromiseRow.incident).in_(incidents))
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
        snoozed_until=row.snoozed_until,
    )


_TIMERS = Rowset(
    "timers",
    (
        ("key", "text"),
        ("due_at", "timestamptz"),
        ("kind", "text"),
        ("incident", "text"),
        ("subject", "int"),
    ),
)


# SQLite takes an ON CONFLICT after a SELECT for a join's, unless there is a WHERE.
_INSERT_TIMERS = """
INSERT INTO timer (key, due_at, kind, incident, subject, generation)
SELECT key, due_at, kind, incident, subject, 0 FROM {timers} WHERE true
ON CONFLICT (key)
"""
_SET_TIMERS = (
    f"{_INSERT_TIMERS} DO UPDATE SET due_at = excluded.due_at, generation = timer.generation + 1"
)
_START_TIMERS = f"{_INSERT_TIMERS} DO NOTHING"


class SqlTimers:
    """Timers in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def set(self, timers: Sequence[Timer]) -> None:
        """Set or move the timers of these keys."""
        self._write(_SET_TIMERS, timers)

    def start(self, timers: Sequence[Timer]) -> None:
        """Set those of these timers whose keys are not set yet; the others stay as they are."""
        self._write(_START_TIMERS, timers)

    def _write(self, statement: str, timers: Sequence[Timer]) -> None:
        if not timers:
            return
        touch(self._session, Topic.TIMERS)
        connection = self._session.connection()
        rows = [
            (timer.key, stamp(connection, timer.due_at), timer.kind, timer.incident, timer.subject)
            for timer in timers
        ]
        connection.exec_driver_sql(
            spelt(statement, connection.dialect.name, _TIMERS), _TIMERS.given(connection, rows)
        )

    def cancel(self, prefix: str) -> None:
        """Forget all timers whose key begins with `prefix`."""
        key = col(TimerRow.key)
        begins = key.startswith(prefix, autoescape=True)
        if self._session.connection().dialect.name == "sqlite":
            # SQLite looks through all timers for a LIKE; its text is in the order of its bytes.
            begins = and_(key >= prefix, key < prefix[:-1] + chr(ord(prefix[-1]) + 1))
        self._session.connection().execute(delete(TimerRow).where(begins))

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
