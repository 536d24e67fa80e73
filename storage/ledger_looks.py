"""Questions to the ledger that look at many fan-outs at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from comms.ledger import REACHED, Fanout, FanoutState
from comms.plan.model import ChannelName
from storage.ledger_tables import DeliveryRow, FanoutRow


def reached(fanout: Fanout, addresses: Sequence[str]) -> SelectOfScalar[str]:
    """Which of these addresses an update of the same incident has reached, or may have."""
    return (
        select(DeliveryRow.address)
        .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
        .where(
            FanoutRow.incident == fanout.incident,
            FanoutRow.audience == fanout.audience,
            FanoutRow.channel == fanout.channel.value,
            col(DeliveryRow.address).in_(addresses),
            col(DeliveryRow.state).in_([state.value for state in REACHED]),
        )
    )


def behind(number: int, *, audience: str, channel: ChannelName) -> SelectOfScalar[FanoutRow]:
    """The fan-outs of updates to an audience that were opened after that one, by number."""
    return (
        select(FanoutRow)
        .where(
            col(FanoutRow.id) > number,
            FanoutRow.audience == audience,
            FanoutRow.channel == channel.value,
            col(FanoutRow.update_id).is_not(None),
            FanoutRow.state != FanoutState.CANCELLED.value,
        )
        .order_by(col(FanoutRow.id))
    )
