"""The ledger as whoever waits for acknowledgements sees it, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, not_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from comms.chase import Seen
from comms.clock import SINCE_EVER
from comms.delivery import DeliveryState, Reason
from comms.ledger import Fanout, FanoutState, Line
from comms.plan.model import ChannelName
from storage.ledger_rows import fanout_of
from storage.ledger_tables import DeliveryRow, FanoutRow, ShardRow
from storage.moves import hurry, move
from storage.newer import CHANNELS
from storage.shards import Shards
from storage.tables import AcknowledgementRow

_TOLD = [
    state.value
    for state in DeliveryState
    if state not in {DeliveryState.SUPPRESSED, DeliveryState.CANCELLED}
]
_PERSONAL = [channel.value for channel in ChannelName if channel.is_personal]


class SqlChases:
    """Chases in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def fanout(self, number: int) -> Fanout | None:
        """A fan-out by its number."""
        row = self._session.get(FanoutRow, number)
        return fanout_of(row) if row and row.channel in CHANNELS else None

    def silent(self, fanout: Fanout) -> Sequence[Line]:
        """Whom a fan-out has told, or tried to, who have not acknowledged its update."""
        rows = self._session.exec(
            select(DeliveryRow)
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(
                DeliveryRow.fanout_id == fanout.id,
                col(DeliveryRow.state).in_(_TOLD),
                col(DeliveryRow.held_until).is_(None),
                not_(_has_acknowledged()),
            )
            .order_by(col(DeliveryRow.id))
        )
        return [Line(r.address, r.name, r.language, None, r.time_zone) for r in rows]

    def mark(self, incident: str, number: int, *, address: str, now: datetime) -> None:
        """What this person got of an update in a chat is acknowledged, unless it was before."""
        theirs = select(FanoutRow.id).where(
            FanoutRow.incident == incident,
            FanoutRow.number == number,
            FanoutRow.channel == ChannelName.CHAT.value,
        )
        self._session.exec(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.fanout_id).in_(theirs),
                func.lower(DeliveryRow.address) == address.casefold(),
                col(DeliveryRow.acknowledged_at).is_(None),
            )
            .values(acknowledged_at=now)
        )

    def hand_over(self, fanout: Fanout, lines: Sequence[Line], *, now: datetime) -> int:
        """Send to these people by this fan-out, too; return how many it was not for before."""
        taken_up = move(
            self._session,
            (ShardRow.fanout_id == fanout.id,),
            (DeliveryState.SUPPRESSED,),
            DeliveryState.PLANNED,
            only=and_(
                col(DeliveryRow.reason) == Reason.OTHER_CHANNEL.value,
                col(DeliveryRow.address).in_([line.address for line in lines]),
            ),
            reason=None,
            due_at=SINCE_EVER,
            finished_at=None,
        )
        added = Shards(self._session.connection(), fanout, now=now).write(lines)
        if fanout.state is FanoutState.READY:
            hurry(self._session, fanout.id)
        return taken_up + added

    def pass_on(
        self,
        incident: str,
        number: int,
        *,
        audience: str,
        channel: ChannelName,
        states: Collection[DeliveryState],
        now: datetime,
    ) -> int:
        """Plan what was left to another channel, and supersede what it stands in for."""
        theirs = select(FanoutRow.id).where(*_of(incident, number), FanoutRow.audience == audience)
        failing = theirs.where(FanoutRow.channel == channel.value)
        others = theirs.where(FanoutRow.channel != channel.value)
        told = move(
            self._session,
            (col(ShardRow.fanout_id).in_(others),),
            (DeliveryState.SUPPRESSED,),
            DeliveryState.PLANNED,
            only=and_(
                col(DeliveryRow.reason) == Reason.OTHER_CHANNEL.value,
                _is_told_by(failing, [state.value for state in states]),
            ),
            reason=None,
            due_at=SINCE_EVER,
            finished_at=None,
        )
        if told:
            move(
                self._session,
                (col(ShardRow.fanout_id).in_(failing),),
                tuple(states),
                DeliveryState.CANCELLED,
                only=_is_told_by(others, [DeliveryState.PLANNED.value]),
                reason=Reason.SUPERSEDED.value,
                due_at=None,
                finished_at=now,
            )
        return told

    def seen(
        self, incident: str, number: int, *, asked: Sequence[str], named: int
    ) -> Mapping[str, Seen]:
        """Who has acknowledged an update, by audience; so many who have not are named."""
        acknowledged = self._acknowledged(incident, number)
        return {audience: Seen(acknowledged=count) for audience, count in acknowledged.items()} | {
            audience: Seen(
                acknowledged=acknowledged.get(audience, 0),
                told=self._told(incident, number, audience),
                silent=self._silent(incident, number, audience, limit=named),
            )
            for audience in asked
        }

    def _acknowledged(self, incident: str, number: int) -> dict[str, int]:
        rows = self._session.exec(
            select(AcknowledgementRow.audience, func.count())
            .where(AcknowledgementRow.incident == incident, AcknowledgementRow.number == number)
            .group_by(AcknowledgementRow.audience)
        )
        return dict(rows.all())

    def _told(self, incident: str, number: int, audience: str) -> int:
        """How many people, by however many channels: who was chased has more than one."""
        return self._session.exec(
            select(func.count(func.distinct(func.lower(DeliveryRow.address))))
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(
                *_of(incident, number),
                FanoutRow.audience == audience,
                col(DeliveryRow.state).in_(_TOLD),
            )
        ).one()

    def _silent(self, incident: str, number: int, audience: str, *, limit: int) -> tuple[str, ...]:
        rows = self._session.exec(
            select(DeliveryRow.name, DeliveryRow.address)
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(
                *_of(incident, number),
                FanoutRow.audience == audience,
                col(DeliveryRow.state).in_(_TOLD),
                not_(_has_acknowledged()),
            )
            .group_by(DeliveryRow.name, DeliveryRow.address)
            .order_by(func.min(DeliveryRow.id))
            .limit(limit)
        )
        return tuple(name or address for name, address in rows)


def _of(incident: str, number: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(FanoutRow.incident) == incident,
        col(FanoutRow.number) == number,
        col(FanoutRow.channel).in_(_PERSONAL),
    )


def _is_told_by(
    fanouts: SelectOfScalar[int] | SelectOfScalar[None], states: Sequence[str]
) -> ColumnElement[bool]:
    """The condition that somebody has a delivery in such a state by one of these fan-outs, and it
    waits for no end of quiet hours."""
    other = aliased(DeliveryRow)
    return (
        select(other.id)
        .where(
            col(other.fanout_id).in_(fanouts),
            other.address == DeliveryRow.address,
            col(other.state).in_(states),
            col(other.held_until).is_(None),
        )
        .exists()
    )


def _has_acknowledged() -> ColumnElement[bool]:
    return (
        select(AcknowledgementRow.id)
        .where(
            AcknowledgementRow.incident == FanoutRow.incident,
            AcknowledgementRow.number == FanoutRow.number,
            AcknowledgementRow.person == func.lower(DeliveryRow.address),
        )
        .exists()
    )
