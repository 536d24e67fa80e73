"""The ledger as those see it who look back at it, in SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, func, select

from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.hindsight import CAME_BACK
from comms.plan.model import ChannelName
from storage.ledger_rows import ledger_row
from storage.ledger_tables import DeliveryRow, FanoutRow, ShardRow
from storage.newer import is_known
from storage.suppressions import is_suppressed

SHARDS = 20
"""So many shards with somebody who was not reached are looked at, each of some hundred rows."""

_REJECTED = col(DeliveryRow.state) == DeliveryState.REJECTED.value


class SqlHindsight:
    """Looks back at the ledger in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def delivery(self, number: int) -> LedgerRow | None:
        """One delivery by its number."""
        row = self._session.get(DeliveryRow, number)
        fanout = self._session.get(FanoutRow, row.fanout_id) if row else None
        if row is None or fanout is None or fanout.channel not in set(ChannelName):
            return None
        return ledger_row(row, fanout)

    def handed_over(self, address: str, receipt: str, *, since: datetime) -> LedgerRow | None:
        """The mail to this address, approved since then, for which the relay gave that receipt."""
        found = self._session.exec(
            select(DeliveryRow, FanoutRow)
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(
                FanoutRow.channel == ChannelName.MAIL.value,
                FanoutRow.opened_at >= since,
                # As we wrote it; services tend to give it back in small letters.
                col(DeliveryRow.address).in_([address, address.lower()]),
                DeliveryRow.provider_id == receipt,
            )
            .limit(1)
        ).first()
        return ledger_row(*found) if found else None

    def amend(
        self,
        delivery: int,
        to: DeliveryState,
        *,
        was: Collection[DeliveryState],
        reason: Reason | None,
        detail: str,
        now: datetime,
    ) -> bool:
        """Put a delivery into another final state, with its shard's totals."""
        row = self._session.get(DeliveryRow, delivery)
        if row is None:
            return False
        # The shard first, as whoever sends does: so neither waits for the other.
        shard = self._session.get(ShardRow, row.shard_id, with_for_update=True)
        self._session.refresh(row)
        if shard is None or row.state not in {state.value for state in was}:
            return False
        for state, change in ((row.state, -1), (to.value, +1)):
            setattr(shard, state, getattr(shard, state) + change)
        row.state, row.reason, row.detail = to.value, reason and reason.value, detail[:300]
        row.finished_at = now
        self._session.flush()
        return True

    def unreached(self, incident: str, number: int, *, limit: int) -> tuple[LedgerRow, ...]:
        """Some of those whom an update did not reach."""
        came_back = and_(
            col(DeliveryRow.state) == DeliveryState.SUPPRESSED.value,
            col(DeliveryRow.reason).in_([reason.value for reason in CAME_BACK]),
        )
        shards = {
            *self._shards(incident, number, col(ShardRow.rejected) > 0),
            *self._shards(incident, number, col(ShardRow.suppressed) > 0),
        }
        rows = self._session.exec(
            select(DeliveryRow, FanoutRow)
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(col(DeliveryRow.shard_id).in_(sorted(shards)), or_(_REJECTED, came_back))
            .order_by(col(FanoutRow.priority), col(DeliveryRow.id))
            .limit(limit)
        )
        return tuple(ledger_row(row, fanout) for row, fanout in rows)

    def beyond_resend(self, incident: str, number: int, *, now: datetime) -> int:
        """How many of the rejected a resend leaves out: nothing is sent there any more."""
        shards = self._shards(incident, number, col(ShardRow.rejected) > 0)
        return self._session.exec(
            select(func.count())
            .select_from(DeliveryRow)
            .where(
                col(DeliveryRow.shard_id).in_(shards),
                _REJECTED,
                is_suppressed(col(DeliveryRow.address), now),
            )
        ).one()

    def _shards(self, incident: str, number: int, has: ColumnElement[bool]) -> list[int | None]:
        found = self._session.exec(
            select(ShardRow.id)
            .join(FanoutRow, col(FanoutRow.id) == col(ShardRow.fanout_id))
            .where(
                FanoutRow.incident == incident,
                FanoutRow.number == number,
                is_known(FanoutRow.channel),
                has,
            )
            .order_by(col(ShardRow.id))
            .limit(SHARDS)
        )
        return list(found)
