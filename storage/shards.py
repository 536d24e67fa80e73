"""The shards of a fan-out while it is planned: rows fill one before the next is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from comms.clock import SINCE_EVER
from comms.ledger import SHARD, Fanout, Line
from comms.recipient import Listed
from storage import ledger_sql as sql
from storage.ledger_sql import driver, stamp

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class _Shard:
    id: int
    number: int
    rows: int


class Shards:
    """Where the rows of one fan-out are put, in one transaction; statements on bare connections."""

    def __init__(self, connection: Connection, fanout: Fanout, *, now: datetime) -> None:
        self._connection = connection
        self._fanout = fanout
        self._ever = stamp(connection, SINCE_EVER)
        self._now = stamp(connection, now)
        self._last = self._find_last()

    def write(self, lines: Sequence[Line]) -> int:
        """Write lines, no address of which is repeated; return how many were new."""

        def insert(shard: _Shard, some: Sequence[Line]) -> tuple[int, int]:
            return self._insert(shard, some), _suppressed(some)

        return self._fill(lines, insert)

    def enlist(self, people: Sequence[Listed], apart: Sequence[Line]) -> int:
        """Write a row for each of the people, as `apart` says or as they are in the list.

        The database copies them from the list by itself: to hand a row over costs it more, and
        Python more again. What is apart is there before, and not copied.
        """
        by_address = {line.address: line for line in apart}

        def copy(shard: _Shard, some: Sequence[Listed]) -> tuple[int, int]:
            lines = [by_address[p.email] for p in some if p.email in by_address] if apart else []
            return self._insert(shard, lines) + self._copy(shard, some), _suppressed(lines)

        return self._fill(people, copy)

    def _fill(
        self, rows: Sequence[T], write: Callable[[_Shard, Sequence[T]], tuple[int, int]]
    ) -> int:
        """Put rows into shards that have room for them; return how many were new."""
        total = 0
        while rows:
            shard = self._with_room()
            room = SHARD - shard.rows
            fit, rows = rows[:room], rows[room:]
            new, suppressed = write(shard, fit)
            total += new
            if new == len(fit):
                self._count(shard, planned=new - suppressed, suppressed=suppressed)
                self._last = replace(shard, rows=shard.rows + new)
            else:
                self._run(sql.RECOUNT, shard.id)
                self._last = self._find_last()
        return total

    def _with_room(self) -> _Shard:
        last = self._last
        if last is not None and last.rows < SHARD:
            return last
        number = last.number + 1 if last else 0
        of = self._fanout
        opened = self._run(sql.OPEN_SHARD, of.id, number, of.channel.value, of.priority)
        return _Shard(id=opened.scalar_one(), number=number, rows=0)

    def _find_last(self) -> _Shard | None:
        row = self._run(sql.LAST_SHARD, self._fanout.id).first()
        return _Shard(id=row.id, number=row.number, rows=row.rows) if row else None

    def _insert(self, shard: _Shard, lines: Sequence[Line]) -> int:
        if not lines:
            return 0
        rows = [
            (
                *line[:3],
                line.suppressed and line.suppressed.value,
                line.time_zone,
                line.held_until and stamp(self._connection, line.held_until),
            )
            for line in lines
        ]
        given = sql.LINES.given(self._connection, rows)
        done = self._run(sql.INSERT, self._fanout.id, shard.id, self._ever, self._now, *given)
        return int(done.rowcount)

    def _copy(self, shard: _Shard, people: Sequence[Listed]) -> int:
        of, first, last = self._fanout, people[0].number, people[-1].number
        done = self._run(sql.COPY, of.id, shard.id, self._ever, of.audience, first, last)
        return int(done.rowcount)

    def _count(self, shard: _Shard, *, planned: int, suppressed: int) -> None:
        self._run(sql.FILL, planned, suppressed, shard.id)

    def _run(self, statement: str, *given: Any) -> Any:
        return self._connection.exec_driver_sql(driver(self._connection, statement), given)


def _suppressed(lines: Sequence[Line]) -> int:
    return sum(line.suppressed is not None for line in lines)
