"""The ledger as an act sees it: fan-outs are opened, their rows written, read and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy
from sqlalchemy import ColumnElement, and_, bindparam, func, not_, or_, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, col, select

from comms.bell import Topic
from comms.clock import SINCE_EVER
from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.ledger import REACHED, Fanout, FanoutState, Filter, Line, Totals, Waiting
from comms.plan.model import ChannelName
from comms.recipient import Listed
from comms.statement import Statement
from comms.trace import here
from storage.ledger_looks import behind, reached
from storage.ledger_rows import fanout_of, ledger_row
from storage.ledger_tables import DeliveryRow, FanoutRow, ShardRow
from storage.moves import move
from storage.newer import CHANNELS, is_known, leave
from storage.shards import Shards
from storage.suppressions import is_suppressed
from storage.touch import touch

PERSONAL = [channel.value for channel in ChannelName if channel.is_personal]

_WAITED = and_(
    col(DeliveryRow.state) == DeliveryState.CANCELLED.value,
    col(DeliveryRow.held_until).is_not(None),
)
"""Stopped while it waited for the end of quiet hours."""


# Several of each in one act: they are built once, and past the rows that the session has read.
_READY = (
    update(FanoutRow)
    .where(
        col(FanoutRow.id) == bindparam("fanout"),
        col(FanoutRow.state) == FanoutState.PLANNING.value,
    )
    .values(state=FanoutState.READY.value)
)
_DUE = (
    update(ShardRow)
    .where(col(ShardRow.fanout_id) == bindparam("fanout"), col(ShardRow.planned) > 0)
    .values(due_at=SINCE_EVER)
)
_KEEP = (
    update(FanoutRow)
    .where(col(FanoutRow.id) == bindparam("fanout"))
    .values(written=bindparam("so_far"))
)


class SqlFanouts:
    """Fan-outs in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(
        self,
        *,
        update: int | None,
        statement: Statement,
        priority: int,
        now: datetime,
        corrects: int | None = None,
    ) -> Fanout:
        """Open the fan-out of a statement, with no rows yet; the same one if it is open."""
        row = self._session.exec(
            select(FanoutRow).where(
                FanoutRow.update_id == update
                if update is not None
                else and_(
                    col(FanoutRow.update_id).is_(None),
                    col(FanoutRow.incident) == statement.incident,
                ),
                FanoutRow.audience == statement.audience,
                FanoutRow.channel == statement.channel.value,
            )
        ).first()
        if row is None:
            touch(self._session, Topic.PLANNING)
            row = FanoutRow(
                update_id=update,
                incident=statement.incident,
                number=statement.update,
                audience=statement.audience,
                channel=statement.channel.value,
                priority=priority,
                state=FanoutState.PLANNING.value,
                opened_at=now,
                corrects=corrects,
                trace=here(),
            )
            self._session.add(row)
            self._session.flush()
        return fanout_of(row)

    def beside(self, fanout: Fanout) -> tuple[str, ...]:
        """The other audiences whose people the same update goes to one by one."""
        return tuple(
            self._session.exec(
                select(FanoutRow.audience)
                .where(
                    FanoutRow.incident == fanout.incident,
                    FanoutRow.number == fanout.update,
                    col(FanoutRow.channel).in_(PERSONAL),
                    FanoutRow.audience != fanout.audience,
                )
                .distinct()
            )
        )

    def told(self, fanout: Fanout, *, after: int, limit: int) -> Sequence[Listed]:
        """Whom the update that this fan-out corrects has reached, or may have, page by page."""
        rows = self._session.exec(
            select(DeliveryRow)
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(
                FanoutRow.incident == fanout.incident,
                FanoutRow.number == fanout.corrects,
                FanoutRow.audience == fanout.audience,
                FanoutRow.channel == fanout.channel.value,
                or_(col(DeliveryRow.state).in_([state.value for state in REACHED]), _WAITED),
                col(DeliveryRow.id) > after,
            )
            .order_by(col(DeliveryRow.id))
            .limit(limit)
        )
        return [
            Listed(row.id or 0, row.address, row.name, row.language, "", row.time_zone)
            for row in rows
        ]

    def reached(self, fanout: Fanout, addresses: Sequence[str]) -> frozenset[str]:
        """Those of these addresses that an update of the same incident has reached, or may have,
        by the same channel in the same audience. Addresses as they stand in the ledger."""
        return frozenset(self._session.exec(reached(fanout, addresses)))

    def planning(self, *, hold: bool = False) -> tuple[Fanout, ...]:
        """The fan-outs whose rows are not all written, most urgent first."""
        waiting = (
            select(FanoutRow)
            .where(FanoutRow.state == FanoutState.PLANNING.value)
            .order_by(col(FanoutRow.priority), col(FanoutRow.id))
        )
        rows = self._session.exec(waiting.with_for_update() if hold else waiting).all()
        for row in rows:
            if row.channel not in CHANNELS:
                leave("channel", row.channel)
        return tuple(fanout_of(row) for row in rows if row.channel in CHANNELS)

    def write(
        self, fanout: Fanout, lines: Sequence[Line], *, now: datetime, written: int = 0
    ) -> int:
        """Write rows; one per address, whatever is repeated. Return how many were new.

        `written` is kept with the fan-out, so that planning goes on behind it after a crash.
        """
        new = self._shards(fanout, now).write(_once(lines))
        self._keep(fanout, written)
        return new

    def enlist(
        self, fanout: Fanout, people: Sequence[Listed], apart: Sequence[Line], *, now: datetime
    ) -> int:
        """Write a row for each of these people of the audience; return how many were new."""
        if not people:
            return 0
        new = self._shards(fanout, now).enlist(people, apart)
        self._keep(fanout, people[-1].number)
        return new

    def ready(self, fanout: Fanout) -> None:
        """All rows are written: sending may begin."""
        touch(self._session, Topic.FANOUT)
        connection = self._session.connection()
        if not connection.execute(_READY, {"fanout": fanout.id}).rowcount:
            return
        self._sees(fanout, state=FanoutState.READY.value)
        connection.execute(_DUE, {"fanout": fanout.id})

    def totals(self, incident: str, number: int) -> Mapping[tuple[str, ChannelName], Totals]:
        """How many deliveries are in which state, by audience and channel: a sum over shards."""
        sums = [func.coalesce(func.sum(getattr(ShardRow, s.value)), 0) for s in DeliveryState]
        rows = self._session.connection().execute(
            sqlalchemy.select(col(FanoutRow.audience), col(FanoutRow.channel), *sums)
            .outerjoin(ShardRow, col(ShardRow.fanout_id) == col(FanoutRow.id))
            .where(
                col(FanoutRow.incident) == incident,
                col(FanoutRow.number) == number,
                is_known(FanoutRow.channel),
            )
            .group_by(col(FanoutRow.id), col(FanoutRow.audience), col(FanoutRow.channel))
            .order_by(col(FanoutRow.id))
        )
        return {
            (audience, ChannelName(channel)): {
                state: int(count) for state, count in zip(DeliveryState, counts, strict=True)
            }
            for audience, channel, *counts in rows
        }

    def behind(self, number: int, *, audience: str, channel: ChannelName) -> tuple[Fanout, ...]:
        """The fan-outs of updates to an audience that were opened after that one, by number."""
        rows = self._session.exec(behind(number, audience=audience, channel=channel))
        return tuple(fanout_of(row) for row in rows)

    def row(self, delivery: int) -> LedgerRow | None:
        """One row by its id; None where there is no such delivery."""
        row = self._session.get(DeliveryRow, delivery)
        if row is None:
            return None
        return ledger_row(row, self._session.get_one(FanoutRow, row.fanout_id))

    def last(self) -> int:
        """The number of the fan-out that was opened last; 0: there is none."""
        return self._session.exec(select(func.max(FanoutRow.id))).one() or 0

    def rows(self, incident: str, wanted: Filter) -> tuple[LedgerRow, ...]:
        """Rows of an incident by their id."""
        query = (
            select(DeliveryRow, FanoutRow)
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(
                FanoutRow.incident == incident,
                col(DeliveryRow.id) > wanted.after,
                is_known(FanoutRow.channel),
            )
            .order_by(col(DeliveryRow.id))
            .limit(wanted.limit)
        )
        if wanted.update is not None:
            query = query.where(FanoutRow.number == wanted.update)
        if wanted.audience is not None:
            query = query.where(FanoutRow.audience == wanted.audience)
        if wanted.state is not None:
            query = query.where(DeliveryRow.state == wanted.state.value)
        return tuple(ledger_row(row, fanout) for row, fanout in self._session.exec(query))

    def retry(self, incident: str, number: int, *, now: datetime) -> int:
        """Plan again every rejected and unknown delivery; return how many.

        Not those to which nothing is sent any more: it would only come back again.
        """
        gone = (DeliveryState.REJECTED, DeliveryState.UNKNOWN)
        return move(
            self._session,
            _of(incident, number),
            gone,
            DeliveryState.PLANNED,
            only=not_(is_suppressed(col(DeliveryRow.address), now)),
            due_at=SINCE_EVER,
            finished_at=None,
            attempts=0,
        )

    def cancel(self, incident: str, number: int, *, now: datetime) -> int:
        """Cancel every delivery that nobody has begun to send; return how many."""
        # First the fan-outs: this waits for whoever is writing rows, so that they are seen below.
        self._session.exec(
            update(FanoutRow)
            .where(
                col(FanoutRow.incident) == incident,
                col(FanoutRow.number) == number,
                col(FanoutRow.state) == FanoutState.PLANNING.value,
            )
            .values(state=FanoutState.CANCELLED.value)
        )
        waiting = (DeliveryState.PLANNED,)
        return move(
            self._session,
            _of(incident, number),
            waiting,
            DeliveryState.CANCELLED,
            due_at=None,
            finished_at=now,
        )

    def withhold(self, audience: str, addresses: Sequence[str], *, now: datetime) -> int:
        """Suppress what nobody has begun to mail to these addresses: they want nothing any more.

        Addresses as they stand in the ledger. Return how many deliveries that were.
        """
        theirs = col(DeliveryRow.address).in_(addresses)
        shards = (
            select(DeliveryRow.shard_id)
            .join(FanoutRow, col(FanoutRow.id) == col(DeliveryRow.fanout_id))
            .where(
                FanoutRow.audience == audience,
                col(FanoutRow.channel).in_(PERSONAL),
                col(FanoutRow.id).in_(select(ShardRow.fanout_id).where(ShardRow.planned > 0)),
                theirs,
            )
        )
        return move(
            self._session,
            (col(ShardRow.id).in_(shards),),
            (DeliveryState.PLANNED,),
            DeliveryState.SUPPRESSED,
            only=theirs,
            due_at=None,
            finished_at=now,
            reason=Reason.UNSUBSCRIBED.value,
        )

    def waiting(self, channel: ChannelName) -> tuple[Waiting, ...]:
        """The fan-outs of a channel with deliveries that are still to be sent."""
        left = func.sum(ShardRow.planned + ShardRow.sending)
        rows = self._session.exec(
            select(FanoutRow, left)
            .join(ShardRow, col(ShardRow.fanout_id) == col(FanoutRow.id))
            .where(ShardRow.channel == channel.value, col(ShardRow.due_at).is_not(None))
            .group_by(col(FanoutRow.id))
            .order_by(col(FanoutRow.priority), col(FanoutRow.id))
        )
        return tuple(
            Waiting(fanout=fanout_of(row), deliveries=int(count)) for row, count in rows if count
        )

    def supersede(self, fanout: Fanout, *, now: datetime) -> int:
        """Cancel what nobody has begun to send: another channel takes it over; return how many."""
        return move(
            self._session,
            (FanoutRow.id == fanout.id,),
            (DeliveryState.PLANNED,),
            DeliveryState.CANCELLED,
            only=col(DeliveryRow.held_until).is_(None),
            due_at=None,
            finished_at=now,
            reason=Reason.SUPERSEDED.value,
        )

    def acknowledge(self, delivery: int, *, now: datetime) -> LedgerRow | None:
        """Record that a person has seen it, once; None where there is no such delivery."""
        row = self._session.get(DeliveryRow, delivery)
        if row is None:
            return None
        if row.acknowledged_at is None:
            row.acknowledged_at = now
            self._session.flush()
        return ledger_row(row, self._session.get_one(FanoutRow, row.fanout_id))

    def _shards(self, fanout: Fanout, now: datetime) -> Shards:
        return Shards(self._session.connection(), fanout, now=now)

    def _keep(self, fanout: Fanout, written: int) -> None:
        self._session.connection().execute(_KEEP, {"fanout": fanout.id, "so_far": written})
        self._sees(fanout, written=written)

    def _sees(self, fanout: Fanout, **values: str | int) -> None:
        """Let a row that this transaction has read show what was written past it."""
        row = self._session.identity_map.get(identity_key(FanoutRow, fanout.id))
        for name, value in values.items() if row is not None else ():
            set_committed_value(row, name, value)


def _of(incident: str, number: int) -> tuple[ColumnElement[bool] | bool, ...]:
    return FanoutRow.incident == incident, FanoutRow.number == number


def _once(lines: Sequence[Line]) -> Sequence[Line]:
    if len({line.address.casefold() for line in lines}) == len(lines):
        return lines
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.address.casefold(), line)
    return list(first.values())
