"""The outbox where several processes carry it out: each lane is in one hand at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy
from sqlalchemy import case, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, delete, func, select

from comms.clock import Clock
from comms.outbox import Effect
from comms.patience import patiently
from storage.database import Database
from storage.outbox import SqlEffects, due_effects, effect_of
from storage.tables import EffectRow, LaneRow

LEASE = timedelta(minutes=1)
"""So long a lane waits whose carrier is gone without a word."""

FURTHEST = 1.5 * LEASE
"""A lease further ahead was taken before the clock was set back. Another process may have looked at
the clock a moment later than this one, so it is more than a lease."""


class SharedEffects(SqlEffects):
    """The outbox as one of several carriers sees it, on Postgres. `me` is unique among them."""

    def __init__(self, database: Database, *, me: str) -> None:
        super().__init__(database)
        self._me = me

    async def waiting(self, now: datetime, *, limit: int) -> tuple[Effect, ...]:
        """Due effects of the lanes that this carrier now has in hand; those from before it lets go.

        1. Let go: a carrier asks again when it has carried out what it was given.
        2. Look which lanes have something due.
        3. Take those that nobody else holds.
        4. Read what is due in them, now that nobody else can change it.
        """

        def take(session: Session) -> tuple[Effect, ...]:
            self._let_go(session)
            held = select(LaneRow.lane).where(
                col(LaneRow.lease_until) > now, col(LaneRow.lease_until) <= now + FURTHEST
            )
            free = due_effects(now).where(col(EffectRow.lane).not_in(held))
            lanes = {row.lane for row in session.exec(free.limit(limit))}
            if not lanes:
                return ()
            due = due_effects(now).where(col(EffectRow.lane).in_(self._take(session, lanes, now)))
            session.expire_all()
            return tuple(effect_of(row) for row in session.exec(due.limit(limit)))

        return await self._database.write(take)

    async def next_due(self) -> datetime | None:
        """When the next effect may be tried here: due, and its lane in no other hand."""
        heads = (
            select(func.min(EffectRow.id))
            .where(col(EffectRow.due_at).is_not(None))
            .group_by(EffectRow.lane)
        )
        free = case(
            (col(LaneRow.lease_until) > col(EffectRow.due_at), col(LaneRow.lease_until)),
            else_=col(EffectRow.due_at),
        )
        held = (col(LaneRow.lane) == col(EffectRow.lane)) & (col(LaneRow.owner) != self._me)
        due = (
            sqlalchemy.select(func.min(free))
            .select_from(EffectRow)
            .outerjoin(LaneRow, held)
            .where(col(EffectRow.id).in_(heads))
        )
        return await self._database.read(lambda session: session.connection().scalar(due))

    async def hold(self, clock: Clock) -> None:
        """Renew the lease of what this carrier has in hand, until cancelled."""
        while True:
            async for attempt in patiently("outbox.hold"):
                with attempt:
                    await self.renew(clock.now())
            await clock.sleep(LEASE / 3)

    async def renew(self, now: datetime) -> None:
        """Every lane in hand is in hand for another lease."""
        ours = update(LaneRow).where(col(LaneRow.owner) == self._me)
        await self._database.write(
            lambda session: session.exec(ours.values(lease_until=now + LEASE))
        )

    async def release(self) -> None:
        """Let go of every lane: this carrier stops."""
        await self._database.write(self._let_go)

    def _let_go(self, session: Session) -> None:
        session.exec(delete(LaneRow).where(col(LaneRow.owner) == self._me))

    def _take(self, session: Session, lanes: set[str], now: datetime) -> Sequence[str]:
        """Lease those of the lanes that are free, or whose carrier's lease has run out."""
        # In one order everywhere, so that two who take the same ones cannot wait for each other.
        rows = [
            {"lane": lane, "owner": self._me, "lease_until": now + LEASE} for lane in sorted(lanes)
        ]
        fresh = insert(LaneRow).values(rows)
        taken = fresh.on_conflict_do_update(
            index_elements=["lane"],
            set_={"owner": fresh.excluded.owner, "lease_until": fresh.excluded.lease_until},
            where=or_(col(LaneRow.lease_until) <= now, col(LaneRow.lease_until) > now + FURTHEST),
        ).returning(col(LaneRow.lane))
        return session.connection().execute(taken).scalars().all()
