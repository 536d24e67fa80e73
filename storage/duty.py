"""A duty: something that one process does for all that share a database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlmodel import Session, col, delete

from storage.database import Database
from storage.tables import LaneRow
from storage.upsert import dialect_of, insert_into

LEASE = timedelta(minutes=5)
"""So long a duty waits for a process that is gone without a word."""


class Duty:
    """The duty of that name; `me` is unique among the processes.

    Whoever has it asks again before `lease` is over; where nobody asked for so long, it is free.
    """

    def __init__(self, database: Database, name: str, *, me: str, lease: timedelta = LEASE) -> None:
        self._database = database
        self._lane = f"duty:{name}"
        # Not `me` alone: whoever carries out the outbox lets go of all that bears its name.
        self._owner = f"{me}/{name}"
        self._lease = lease
        self._is_ours = False

    async def is_ours(self, now: datetime) -> bool:
        """Take it, or go on with it; False where another process has it."""

        def take(session: Session) -> bool:
            fresh = insert_into(LaneRow, dialect_of(session)).values(
                lane=self._lane, owner=self._owner, lease_until=now + self._lease
            )
            until = col(LaneRow.lease_until)
            taken = fresh.on_conflict_do_update(
                index_elements=["lane"],
                set_={"owner": fresh.excluded.owner, "lease_until": fresh.excluded.lease_until},
                # A lease further ahead than any was taken before the clock was set back.
                where=or_(
                    col(LaneRow.owner) == self._owner, until <= now, until > now + 2 * self._lease
                ),
            ).returning(col(LaneRow.lane))
            return session.connection().execute(taken).first() is not None

        self._is_ours = await self._database.write(take, behind=True)
        return self._is_ours

    async def release(self) -> None:
        """Let another process have it at once, where it is ours."""
        if not self._is_ours:
            return
        ours = delete(LaneRow).where(
            col(LaneRow.lane) == self._lane, col(LaneRow.owner) == self._owner
        )
        await self._database.write(lambda session: session.exec(ours), behind=True)
