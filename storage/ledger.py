"""The ledger in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, update
from sqlmodel import Session, col, select

from comms.delivery import Delivery, DeliveryState, LedgerRow, Outcome, Reason
from comms.errors import NotFound
from comms.ledger import (
    Again,
    Claim,
    Fanout,
    FanoutState,
    Filter,
    Line,
    Totals,
    delivery_key,
)
from comms.plan.model import ChannelName
from comms.statement import Statement
from storage.database import Database
from storage.documents import STATEMENT
from storage.ledger_tables import SHARD, DeliveryRow, FanoutRow
from storage.tables import StatementRow

BATCH = 5_000


class SqlFanouts:
    """The ledger as an act sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, *, update: int, statement: Statement, priority: int, now: datetime) -> Fanout:
        """Open the fan-out of a statement, with no rows yet; the same one if it is open."""
        row = self._session.exec(
            select(FanoutRow).where(
                FanoutRow.update_id == update,
                FanoutRow.audience == statement.audience,
                FanoutRow.channel == statement.channel.value,
            )
        ).first()
        if row is None:
            row = FanoutRow(
                update_id=update,
                incident=statement.incident,
                number=statement.update,
                audience=statement.audience,
                channel=statement.channel.value,
                priority=priority,
                state=FanoutState.PLANNING.value,
                opened_at=now,
            )
            self._session.add(row)
            self._session.flush()
        return _fanout(row)

    def write(self, fanout: Fanout, lines: Sequence[Line], *, now: datetime) -> int:
        """Write rows; one per address, whatever is repeated. Return how many were new."""
        known = {
            address.casefold()
            for address in self._session.exec(
                select(DeliveryRow.address).where(DeliveryRow.fanout_id == fanout.id)
            )
        }
        rows: list[dict[str, Any]] = []
        for line in lines:
            if line.address.casefold() not in known:
                rows.append(_new_row(fanout, line, shard=len(known) // SHARD, now=now))
                known.add(line.address.casefold())
        connection = self._session.connection()
        for start in range(0, len(rows), BATCH):
            connection.execute(insert(DeliveryRow), rows[start : start + BATCH])
        _count(self._session, fanout.id, Counter(str(row["state"]) for row in rows))
        return len(rows)

    def ready(self, fanout: Fanout) -> None:
        """All rows are written: sending may begin."""
        self._session.exec(
            update(FanoutRow)
            .where(col(FanoutRow.id) == fanout.id)
            .values(state=FanoutState.READY.value)
        )
        _close_if_done(self._session, fanout.id)

    def totals(self, incident: str, number: int) -> Mapping[tuple[str, ChannelName], Totals]:
        """How many deliveries are in which state, by audience and channel."""
        rows = self._session.exec(
            select(FanoutRow)
            .where(FanoutRow.incident == incident, FanoutRow.number == number)
            .order_by(col(FanoutRow.id))
        )
        return {
            (row.audience, ChannelName(row.channel)): {
                state: getattr(row, state.value) for state in DeliveryState
            }
            for row in rows
        }

    def rows(self, incident: str, wanted: Filter) -> tuple[LedgerRow, ...]:
        """Rows of an incident by their id."""
        query = (
            select(DeliveryRow, FanoutRow)
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(FanoutRow.incident == incident, col(DeliveryRow.id) > wanted.after)
            .order_by(col(DeliveryRow.id))
            .limit(wanted.limit)
        )
        if wanted.update is not None:
            query = query.where(FanoutRow.number == wanted.update)
        if wanted.audience is not None:
            query = query.where(FanoutRow.audience == wanted.audience)
        if wanted.state is not None:
            query = query.where(DeliveryRow.state == wanted.state.value)
        return tuple(_ledger_row(row, fanout) for row, fanout in self._session.exec(query))

    def retry(self, incident: str, number: int, *, now: datetime) -> int:
        """Plan again every rejected and unknown delivery; return how many."""
        again = 0
        fanouts = self._session.exec(
            select(FanoutRow).where(FanoutRow.incident == incident, FanoutRow.number == number)
        ).all()
        for fanout in fanouts:
            moved = Counter[str]()
            for state in (DeliveryState.REJECTED.value, DeliveryState.UNKNOWN.value):
                changed = self._session.exec(
                    update(DeliveryRow)
                    .where(col(DeliveryRow.fanout_id) == fanout.id, col(DeliveryRow.state) == state)
                    .values(
                        state=DeliveryState.PLANNED.value,
                        attempts=0,
                        due_at=now,
                        finished_at=None,
                    )
                ).rowcount
                moved[state] -= changed
                moved[DeliveryState.PLANNED.value] += changed
                again += changed
            _count(self._session, fanout.id or 0, moved)
            if moved[DeliveryState.PLANNED.value]:
                fanout.state = FanoutState.READY.value
        self._session.flush()
        return again

    def acknowledge(self, delivery: int, *, now: datetime) -> LedgerRow | None:
        """Record that a person has seen it, once; None where there is no such delivery."""
        row = self._session.get(DeliveryRow, delivery)
        if row is None:
            return None
        if row.acknowledged_at is None:
            row.acknowledged_at = now
            self._session.flush()
        fanout = self._session.get_one(FanoutRow, row.fanout_id)
        return _ledger_row(row, fanout)


class SqlLedger:
    """The ledger as the fan-out sees it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, *, channel: ChannelName, limit: int, owner: str, now: datetime, lease: timedelta
    ) -> Claim | None:
        """Take up to `limit` due deliveries of the most urgent ready fan-out."""

        def take(session: Session) -> Claim | None:
            for row in _ready(session, channel):
                until = now + lease
                taken = _claim(session, row.id or 0, limit=limit, owner=owner, now=now, until=until)
                if taken:
                    fanout = _fanout(row)
                    deliveries = tuple(_delivery(fanout, line) for line in taken)
                    return Claim(
                        fanout=fanout, owner=owner, lease_until=until, deliveries=deliveries
                    )
            return None

        return await self._database.write(take)

    async def statement(self, fanout: Fanout) -> Statement:
        """What was approved for this fan-out."""

        def look(session: Session) -> Statement:
            body = session.exec(
                select(StatementRow.body)
                .join(FanoutRow, col(FanoutRow.update_id) == col(StatementRow.update_id))
                .where(
                    FanoutRow.id == fanout.id,
                    StatementRow.audience == fanout.audience,
                    StatementRow.channel == fanout.channel.value,
                )
            ).first()
            if body is None:
                raise NotFound(f"{fanout.incident} has no statement for {fanout.audience}.")
            return STATEMENT.validate_python(body)

        return await self._database.read(look)

    async def record(
        self, claim: Claim, outcomes: Sequence[Outcome], *, now: datetime, again: Again
    ) -> int:
        """Record outcomes of a claim; return how many counted (fewer when fenced)."""
        attempts = {delivery.id: delivery.attempt for delivery in claim.deliveries}

        def keep(session: Session) -> int:
            mine = _still_mine(session, claim)
            first = {outcome.delivery: outcome for outcome in reversed(outcomes)}
            rows = [
                _finished(outcome, again(outcome, attempts[delivery], now), now)
                for delivery, outcome in first.items()
                if delivery in mine
            ]
            if rows:
                session.connection().execute(_FINISH, rows)
                moved = Counter(str(row["b_state"]) for row in rows)
                moved[DeliveryState.SENDING.value] -= len(rows)
                _count(session, claim.fanout.id, moved)
                _close_if_done(session, claim.fanout.id)
            return len(rows)

        return await self._database.write(keep)

    async def next_due(self, channel: ChannelName) -> datetime | None:
        """When the next delivery of a ready fan-out is due or a lease runs out."""

        def look(session: Session) -> datetime | None:
            moments: list[datetime] = []
            for row in _ready(session, channel):
                for state, when in (
                    (DeliveryState.PLANNED, DeliveryRow.due_at),
                    (DeliveryState.SENDING, DeliveryRow.lease_until),
                ):
                    earliest = session.exec(
                        select(func.min(when)).where(
                            DeliveryRow.fanout_id == row.id, DeliveryRow.state == state.value
                        )
                    ).one()
                    if earliest:
                        moments.append(earliest)
            return min(moments, default=None)

        return await self._database.read(look)


def _ready(session: Session, channel: ChannelName) -> Sequence[FanoutRow]:
    return session.exec(
        select(FanoutRow)
        .where(FanoutRow.channel == channel.value, FanoutRow.state == FanoutState.READY.value)
        .order_by(col(FanoutRow.priority), col(FanoutRow.id))
    ).all()


def _claim(
    session: Session, fanout: int, *, limit: int, owner: str, now: datetime, until: datetime
) -> list[Row[Any]]:
    """Take what is planned and due; then what somebody who is gone left behind."""
    taken: list[Row[Any]] = []
    for state, when in (
        (DeliveryState.PLANNED, col(DeliveryRow.due_at)),
        (DeliveryState.SENDING, col(DeliveryRow.lease_until)),
    ):
        left = limit - len(taken)
        if left <= 0:
            break
        due = (
            select(DeliveryRow.id)
            .where(DeliveryRow.fanout_id == fanout, DeliveryRow.state == state.value, when <= now)
            .order_by(when, col(DeliveryRow.id))
            .limit(left)
            .with_for_update(skip_locked=True)
            # Postgres may run a bare subquery once per row, and take others than these.
            .cte("due")
        )
        rows = session.connection().execute(
            update(DeliveryRow)
            .where(col(DeliveryRow.id).in_(select(due.c.id)))
            .values(
                state=DeliveryState.SENDING.value,
                owner=owner,
                lease_until=until,
                attempts=col(DeliveryRow.attempts) + 1,
            )
            .returning(
                col(DeliveryRow.id),
                col(DeliveryRow.address),
                col(DeliveryRow.name),
                col(DeliveryRow.language),
                col(DeliveryRow.attempts),
                col(DeliveryRow.due_at),
            )
        )
        fresh: list[Row[Any]] = [*rows]
        if state is DeliveryState.PLANNED and fresh:
            moved = Counter({DeliveryState.PLANNED.value: -len(fresh)})
            moved[DeliveryState.SENDING.value] = len(fresh)
            _count(session, fanout, moved)
        taken.extend(fresh)
    return sorted(taken, key=lambda row: (row.due_at, row.id))


def _still_mine(session: Session, claim: Claim) -> set[int]:
    """The fence. The lease tells two claims of one owner apart: it only ever moves on."""
    ids = [delivery.id for delivery in claim.deliveries]
    rows = session.exec(
        select(DeliveryRow.id)
        .where(
            col(DeliveryRow.id).in_(ids),
            DeliveryRow.owner == claim.owner,
            DeliveryRow.lease_until == claim.lease_until,
            DeliveryRow.state == DeliveryState.SENDING.value,
        )
        .with_for_update()
    )
    return {row for row in rows if row is not None}


_FINISH = (
    update(DeliveryRow)
    .where(col(DeliveryRow.id) == bindparam("b_id"))
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        detail=bindparam("b_detail"),
        provider_id=bindparam("b_provider_id"),
        due_at=bindparam("b_due_at"),
        finished_at=bindparam("b_finished_at"),
        owner="",
        lease_until=None,
    )
)


def _finished(outcome: Outcome, due: datetime | None, now: datetime) -> dict[str, Any]:
    state = DeliveryState.PLANNED if due else outcome.state
    return {
        "b_id": outcome.delivery,
        "b_state": state.value,
        "b_reason": outcome.reason.value if outcome.reason else None,
        "b_detail": outcome.detail[:300],
        "b_provider_id": outcome.provider_id,
        "b_due_at": due,
        "b_finished_at": None if due else now,
    }


def _count(session: Session, fanout: int, moved: Mapping[str, int]) -> None:
    """Move the running totals; in the transaction that moves the rows."""
    changes = {state: getattr(FanoutRow, state) + by for state, by in moved.items() if by}
    if changes:
        session.exec(update(FanoutRow).where(col(FanoutRow.id) == fanout).values(**changes))


def _close_if_done(session: Session, fanout: int) -> None:
    session.exec(
        update(FanoutRow)
        .where(
            col(FanoutRow.id) == fanout,
            col(FanoutRow.state) == FanoutState.READY.value,
            col(FanoutRow.planned) == 0,
            col(FanoutRow.sending) == 0,
        )
        .values(state=FanoutState.DONE.value)
    )


def _new_row(fanout: Fanout, line: Line, *, shard: int, now: datetime) -> dict[str, Any]:
    state = DeliveryState.SUPPRESSED if line.suppressed else DeliveryState.PLANNED
    return {
        "fanout_id": fanout.id,
        "shard": shard,
        "address": line.address,
        "name": line.name,
        "language": line.language,
        "state": state.value,
        "reason": line.suppressed.value if line.suppressed else None,
        "detail": "",
        "provider_id": "",
        "attempts": 0,
        "owner": "",
        "due_at": None if line.suppressed else now,
        "finished_at": now if line.suppressed else None,
    }


def _fanout(row: FanoutRow) -> Fanout:
    return Fanout(
        id=row.id or 0,
        incident=row.incident,
        update=row.number,
        audience=row.audience,
        channel=ChannelName(row.channel),
        priority=row.priority,
        state=FanoutState(row.state),
        opened_at=row.opened_at,
    )


def _delivery(fanout: Fanout, row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        key=delivery_key(fanout, row.address),
        address=row.address,
        name=row.name,
        language=row.language,
        attempt=row.attempts,
    )


def _ledger_row(row: DeliveryRow, fanout: FanoutRow) -> LedgerRow:
    return LedgerRow(
        id=row.id or 0,
        update=fanout.number,
        audience=fanout.audience,
        channel=ChannelName(fanout.channel),
        address=row.address,
        name=row.name,
        state=DeliveryState(row.state),
        reason=Reason(row.reason) if row.reason else None,
        detail=row.detail,
        attempts=row.attempts,
        provider_id=row.provider_id,
        planned_at=fanout.opened_at,
        due_at=row.due_at,
        finished_at=row.finished_at,
        acknowledged_at=row.acknowledged_at,
    )
