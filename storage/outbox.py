"""Where effects wait."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from comms.bell import Topic
from comms.clock import SINCE_EVER
from comms.outbox import LONGEST_WAIT, Effect
from comms.trace import here
from storage.database import Database
from storage.tables import EffectRow
from storage.touch import touch
from storage.upsert import insert_all_ignoring


class SqlOutbox:
    """The outbox as an act sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, *effects: Effect, now: datetime) -> None:
        """Keep each effect, unless one of its key was kept before."""
        if not effects:
            return
        touch(self._session, Topic.OUTBOX)
        rows = [
            {
                "key": effect.key,
                "lane": effect.lane,
                "kind": effect.kind,
                "incident": effect.incident,
                "payload": dict(effect.payload),
                "attempts": 0,
                "revivals": 0,
                "written_at": now,
                "due_at": SINCE_EVER,
                "why": "",
                "trace": here(),
            }
            for effect in effects
        ]
        insert_all_ignoring(self._session, EffectRow, rows, on=("key",))

    def revive(self, part: str) -> None:
        """Try again at once what waits, or was given up, in this part of the world ('room')."""
        waiting = update(EffectRow).where(
            col(EffectRow.done_at).is_(None), col(EffectRow.kind).startswith(f"{part}.")
        )
        touch(self._session, Topic.OUTBOX)
        again = {"due_at": SINCE_EVER, "attempts": 0, "revivals": EffectRow.revivals + 1}
        self._session.exec(waiting.values(again))


class SqlEffects:
    """The outbox as the carrier sees it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, now: datetime, *, limit: int) -> tuple[Effect, ...]:
        """Due effects, oldest first; of a lane only those before one that was put off."""
        due = due_effects(now).limit(limit)
        return await self._database.read(
            lambda session: tuple(effect_of(row) for row in session.exec(due))
        )

    async def next_due(self) -> datetime | None:
        """When the next effect may be tried: the first that is left of any lane."""
        heads = (
            select(func.min(EffectRow.id))
            .where(col(EffectRow.due_at).is_not(None))
            .group_by(EffectRow.lane)
        )
        due = select(func.min(EffectRow.due_at)).where(col(EffectRow.id).in_(heads))
        return await self._database.read(lambda session: session.exec(due).one())

    async def done(self, effect: Effect, now: datetime) -> None:
        """It was carried out."""
        await self._set(effect, due_at=None, done_at=now, why="")

    async def put_off(self, effect: Effect, *, until: datetime | None, why: str) -> None:
        """It failed; try again then, or never (None).

        Unless it was revived since it was read, or another has carried it out: a carrier that was
        frozen past its lease is late with its news.
        """
        as_read = (col(EffectRow.revivals) == effect.revivals, col(EffectRow.done_at).is_(None))
        await self._set(effect, *as_read, due_at=until, why=why, attempts=effect.attempts + 1)

    async def _set(self, effect: Effect, *where: ColumnElement[bool], **values: object) -> None:
        of_effect = update(EffectRow).where(col(EffectRow.id) == effect.id, *where)
        await self._database.write(
            lambda session: session.exec(of_effect.values(**values)), behind=True
        )


def due_effects(now: datetime) -> SelectOfScalar[EffectRow]:
    """Return the query of what is due and held up by nothing earlier in its lane, oldest first.

    What was put off for longer than anything is was put off before the clock was set back.
    """
    latest = now + LONGEST_WAIT
    earlier = aliased(EffectRow)
    held_up = exists().where(
        col(earlier.lane) == col(EffectRow.lane),
        col(earlier.id) < col(EffectRow.id),
        col(earlier.due_at) > now,
        col(earlier.due_at) <= latest,
    )
    due = or_(col(EffectRow.due_at) <= now, col(EffectRow.due_at) > latest)
    return select(EffectRow).where(due, ~held_up).order_by(col(EffectRow.id))


def effect_of(row: EffectRow) -> Effect:
    """Return an effect's row as the engine knows it."""
    return Effect(
        id=row.id or 0,
        kind=row.kind,
        key=row.key,
        incident=row.incident,
        payload=row.payload,
        attempts=row.attempts,
        revivals=row.revivals,
        trace=row.trace,
    )
