"""Where promises and timers are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, insert
from sqlmodel import Session, col, delete, func, select

from comms.bell import Topic
from comms.errors import NotFound
from comms.promise import Promise, PromiseState
from comms.timer import Timer
from storage.tables import PromiseRow, TimerRow
from storage.touch import touch
from storage.upsert import dialect_of, insert_into

_ADD = insert(PromiseRow).returning(col(PromiseRow.id), sort_by_parameter_order=True)


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

    def save(self, promise: Promise) -> None:
        """Keep what became of it."""
        row = self._row(promise.id)
        row.due_at = promise.due_at
        row.state = promise.state.value
        row.answered_by = promise.answered_by
        row.answered_at = promise.answered_at
        self._session.flush()

    def get(self, promise_id: int) -> Promise:
        """Return one promise, or raise NotFound."""
        return _promise(self._row(promise_id))

    def of(self, incident: str) -> tuple[Promise, ...]:
        """All promises of an incident, oldest first."""
        rows = self._session.exec(
            select(PromiseRow).where(PromiseRow.incident == incident).order_by(col(PromiseRow.id))
        )
        return tuple(_promise(row) for row in rows)

    def owed(self) -> tuple[Promise, ...]:
        """All promises of all incidents that wait for an update, soonest first."""
        rows = self._session.exec(
            select(PromiseRow)
            .where(
                col(PromiseRow.answered_at).is_(None),
                PromiseRow.state != PromiseState.WITHDRAWN.value,
            )
            .order_by(col(PromiseRow.due_at))
        )
        return tuple(_promise(row) for row in rows)

    def _row(self, promise_id: int) -> PromiseRow:
        row = self._session.get(PromiseRow, promise_id)
        if row is None:
            raise NotFound(f"There is no promise {promise_id}.")
        return row


def _promise(row: PromiseRow) -> Promise:
    assert row.id is not None  # noqa: S101 (a row that was flushed has one)
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

    def due(self, now: datetime, *, limit: int) -> tuple[Timer, ...]:
        """Take out and return the timers that are due, earliest first."""
        rows = self._session.exec(
            select(TimerRow)
            .where(TimerRow.due_at <= now)
            .order_by(col(TimerRow.due_at), col(TimerRow.key))
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        taken = tuple(_timer(row) for row in rows)
        for row in rows:
            self._session.delete(row)
        self._session.flush()
        return taken

    def next_due(self) -> datetime | None:
        """When the earliest timer is due."""
        return self._session.exec(select(func.min(TimerRow.due_at))).one()


def _timer(row: TimerRow) -> Timer:
    return Timer(
        key=row.key,
        due_at=row.due_at,
        kind=row.kind,
        incident=row.incident,
        subject=row.subject,
        generation=row.generation,
    )
