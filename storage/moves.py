"""Deliveries moved between states, shard by shard, with their totals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy
from sqlalchemy import ColumnElement, func, update
from sqlmodel import Session, col, select

from comms.bell import Topic
from comms.delivery import DeliveryState
from comms.ledger import FanoutState
from storage.ledger_sql import RECOUNT, driver
from storage.ledger_tables import DeliveryRow, FanoutRow, ShardRow
from storage.touch import touch

OPEN = (DeliveryState.PLANNED.value, DeliveryState.SENDING.value)

Condition = ColumnElement[bool] | bool


def move(
    session: Session,
    of: Sequence[Condition],
    states: Sequence[DeliveryState],
    to: DeliveryState,
    *,
    only: ColumnElement[bool] | None = None,
    **values: object,
) -> int:
    """Move deliveries of some fan-outs, or of some shards, to a state; return how many."""
    touch(session, Topic.FANOUT)
    counts = [col(getattr(ShardRow, state.value)) for state in states]
    moved = 0
    for shard in _held(session, *of, sum(counts[1:], counts[0]) > 0):
        moved += session.exec(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.shard_id) == shard.id,
                col(DeliveryRow.state).in_([state.value for state in states]),
                sqlalchemy.true() if only is None else only,
            )
            .values(state=to.value, **values)
        ).rowcount
        connection = session.connection()
        connection.exec_driver_sql(driver(connection, RECOUNT), (shard.id,))
        shard.due_at = _first_due(session, shard)
    session.flush()
    return moved


def hurry(session: Session, fanout: int) -> None:
    """Let what was added to a fan-out that is being sent be found."""
    touch(session, Topic.FANOUT)
    for shard in _held(session, ShardRow.fanout_id == fanout):
        session.refresh(shard)
        shard.due_at = _first_due(session, shard)
    session.flush()


def _held(session: Session, *of: Condition) -> Sequence[ShardRow]:
    """The shards, which nobody else changes until this transaction ends."""
    return session.exec(
        select(ShardRow)
        .join(FanoutRow, col(FanoutRow.id) == col(ShardRow.fanout_id))
        .where(*of)
        .order_by(col(ShardRow.id))
        .with_for_update(of=ShardRow)
    ).all()


def _first_due(session: Session, shard: ShardRow) -> datetime | None:
    # With what is under way: a shard that somebody holds stays claimable after its lease.
    # While rows are still being written nothing is due.
    return session.exec(
        select(func.min(DeliveryRow.due_at))
        .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
        .where(
            DeliveryRow.shard_id == shard.id,
            col(DeliveryRow.state).in_(OPEN),
            FanoutRow.state == FanoutState.READY.value,
        )
    ).one()
