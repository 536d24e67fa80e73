"""What waits in the ledger for the end of quiet hours, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from comms.clock import SINCE_EVER
from comms.delivery import DeliveryState, Reason
from comms.hold import Held
from comms.ledger import Fanout
from comms.plan.model import ChannelName
from storage.ledger_rows import fanout_of
from storage.ledger_tables import DeliveryRow, FanoutRow, ShardRow
from storage.mail_tables import SuppressionRow
from storage.moves import move
from storage.suppressions import is_suppressed

_PLANNED = DeliveryState.PLANNED
_WAITS = and_(col(DeliveryRow.held_until).is_not(None), col(DeliveryRow.state) == _PLANNED.value)

_ANY = "SELECT EXISTS (SELECT 1 FROM delivery WHERE held_until IS NOT NULL)"


class SqlHolds:
    """Holds in SQL. All go by the index of what is held: it is empty as a rule."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def overtake(self, fanout: Fanout, *, now: datetime) -> int:
        """Suppress what still waits of earlier updates to those for whom this one is planned."""
        # By day nothing is held: every update asks, and this is found out at once.
        if not self._session.connection().exec_driver_sql(_ANY).scalar_one():
            return 0
        earlier = select(FanoutRow.id).where(
            FanoutRow.incident == fanout.incident,
            FanoutRow.audience == fanout.audience,
            col(FanoutRow.number) < fanout.update,
        )
        newer = aliased(DeliveryRow)
        overtaken = and_(
            _WAITS,
            col(DeliveryRow.fanout_id).in_(earlier),
            select(newer.id)
            .where(
                newer.fanout_id == fanout.id,
                newer.state == _PLANNED.value,
                newer.address == DeliveryRow.address,
            )
            .exists(),
        )
        return self._move(
            overtaken, DeliveryState.SUPPRESSED, reason=Reason.OVERTAKEN.value, finished_at=now
        )

    def release(self, now: datetime) -> Sequence[Fanout]:
        """Let what was held until now, or before, be sent."""
        due = and_(_WAITS, col(DeliveryRow.held_until) <= now)
        released = self._session.exec(
            select(FanoutRow)
            .where(col(FanoutRow.id).in_(select(DeliveryRow.fanout_id).where(due)))
            .order_by(col(FanoutRow.priority), col(FanoutRow.id))
        ).all()
        why = select(SuppressionRow.reason).where(
            SuppressionRow.address == func.lower(DeliveryRow.address)
        )
        mail = select(FanoutRow.id).where(FanoutRow.channel == ChannelName.MAIL.value)
        gone = and_(
            due,
            is_suppressed(col(DeliveryRow.address), now),
            col(DeliveryRow.fanout_id).in_(mail),
        )
        self._move(gone, DeliveryState.SUPPRESSED, reason=why.scalar_subquery(), finished_at=now)
        self._move(due, _PLANNED, due_at=SINCE_EVER)
        return [fanout_of(row) for row in released]

    def waiting(self, incident: str, number: int) -> Mapping[str, Held]:
        """What of an update waits, by audience."""
        rows = self._session.exec(
            select(FanoutRow.audience, func.count(), func.min(DeliveryRow.held_until))
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(_WAITS, FanoutRow.incident == incident, FanoutRow.number == number)
            .group_by(FanoutRow.audience)
        )
        return {
            audience: Held(deliveries=count, until=until)
            for audience, count, until in rows
            if until
        }

    def _move(self, which: ColumnElement[bool], to: DeliveryState, **values: object) -> int:
        shards = select(DeliveryRow.shard_id).where(which)
        of = (col(ShardRow.id).in_(shards),)
        return move(self._session, of, (_PLANNED,), to, only=which, held_until=None, **values)
