"""The backlog, from indexes and totals: it costs the same however long the ledger is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, func, select

from comms.backlog import BY_WORKERS, Backlog, Queue
from comms.delivery import DeliveryState
from comms.ledger import FanoutState
from comms.plan.model import ChannelName
from comms.promise import PromiseState
from storage.database import Database
from storage.ledger_tables import FanoutRow, ShardRow
from storage.newer import is_known
from storage.sources import SqlSources
from storage.speaking import speaking
from storage.tables import EffectRow, OutageRow, PromiseRow, TimerRow
from storage.throttle import SqlPaces
from storage.workers import workers_alive


class SqlBacklog:
    """Reads what waits."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, now: datetime) -> Backlog:
        """Return what waits at `now`."""
        waiting = col(EffectRow.due_at).is_not(None)
        effects, since = self._session.exec(
            select(func.count(), func.min(EffectRow.written_at)).where(waiting)
        ).one()
        overdue = select(func.count()).select_from(TimerRow).where(col(TimerRow.due_at) <= now)
        return Backlog(
            queues=self._queues(),
            effects=effects,
            effects_since=since,
            timers=self._session.exec(select(func.count()).select_from(TimerRow)).one(),
            timers_overdue=self._session.exec(overdue).one(),
            promises=self._promises(),
            workers=workers_alive(self._session),
            outages=self._outages(),
            rates=SqlPaces(self._session).rates(),
            sources=SqlSources(self._session).states(),
        )

    def stranded(self) -> int:
        """How many deliveries wait for a worker while none is alive."""
        if workers_alive(self._session) != 0:
            return 0
        waiting = func.coalesce(func.sum(ShardRow.planned + ShardRow.sending), 0)
        left = select(waiting).where(
            col(ShardRow.due_at).is_not(None), col(ShardRow.channel).in_(BY_WORKERS)
        )
        return int(self._session.exec(left).one())

    def _queues(self) -> Mapping[ChannelName, Queue]:
        """Only shards with something left to do are read, and those that are being planned."""
        in_planning = select(FanoutRow.id).where(FanoutRow.state == FanoutState.PLANNING.value)
        rows = self._session.exec(
            select(
                ShardRow.channel,
                func.sum(ShardRow.planned),
                func.sum(ShardRow.sending),
                func.min(FanoutRow.opened_at),
            )
            .join(FanoutRow, col(FanoutRow.id) == col(ShardRow.fanout_id))
            .where(
                or_(
                    col(ShardRow.due_at).is_not(None),
                    col(ShardRow.fanout_id).in_(in_planning),
                ),
                col(ShardRow.planned) + col(ShardRow.sending) > 0,
                is_known(ShardRow.channel),
            )
            .group_by(ShardRow.channel)
        )
        return {
            ChannelName(channel): Queue(
                deliveries={
                    DeliveryState.PLANNED: int(planned),
                    DeliveryState.SENDING: int(sending),
                },
                since=since,
            )
            for channel, planned, sending, since in rows
        }

    def _outages(self) -> Mapping[ChannelName, datetime]:
        rows = self._session.exec(
            select(OutageRow.channel, OutageRow.since).where(is_known(OutageRow.channel))
        )
        return {ChannelName(channel): since for channel, since in rows}

    def _promises(self) -> Mapping[PromiseState, int]:
        rows = self._session.exec(select(PromiseRow.state, func.count()).group_by(PromiseRow.state))
        return {PromiseState(state): count for state, count in rows}


def stranded_in(database: Database) -> int:
    """How many deliveries wait for a worker while none is alive, seen from outside the app."""
    with speaking(), Session(database.reader) as session:
        return SqlBacklog(session).stranded()
