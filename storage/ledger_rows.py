"""The ledger's rows as the engine knows them."""

from __future__ import annotations

from comms.delivery import DeliveryState, LedgerRow
from comms.ledger import Fanout, FanoutState
from comms.plan.model import ChannelName
from storage.ledger_tables import DeliveryRow, FanoutRow
from storage.newer import reason_of


def fanout_of(row: FanoutRow) -> Fanout:
    """Return a fan-out's row as the engine knows it."""
    return Fanout(
        id=row.id or 0,
        incident=row.incident,
        update=row.number,
        audience=row.audience,
        channel=ChannelName(row.channel),
        priority=row.priority,
        state=FanoutState(row.state),
        opened_at=row.opened_at,
        written=row.written,
        corrects=row.corrects,
        trace=row.trace,
    )


def ledger_row(row: DeliveryRow, fanout: FanoutRow) -> LedgerRow:
    """Return a delivery's row as people read it."""
    return LedgerRow(
        id=row.id or 0,
        incident=fanout.incident,
        update=fanout.number,
        audience=fanout.audience,
        channel=ChannelName(fanout.channel),
        address=row.address,
        name=row.name,
        state=DeliveryState(row.state),
        reason=reason_of(row.reason),
        detail=row.detail,
        attempts=row.attempts,
        provider_id=row.provider_id,
        planned_at=fanout.opened_at,
        due_at=max(row.due_at, fanout.opened_at) if row.due_at else row.held_until,
        finished_at=row.finished_at,
        acknowledged_at=row.acknowledged_at,
    )
