"""Where paces are kept: a row a key, locked for as long as it takes to read and write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime

from sqlmodel import Session, col, select

from comms.pace import Pace, turned
from comms.throttle import Grant, Limit, Told
from storage.database import Database
from storage.tables import ThrottleRow
from storage.upsert import insert_ignoring

COLUMNS = tuple(field.name for field in fields(Pace))


_RATES = select(ThrottleRow.key, ThrottleRow.rate).where(
    col(ThrottleRow.rate) > 0,
    col(ThrottleRow.key).not_like("teams:%:%"),
    col(ThrottleRow.key).not_like("%:quota"),
)


class SqlPaces:
    """Paces in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rates(self) -> Mapping[str, float]:
        """At how many messages a second those keys are held that have refused some."""
        return dict(self._session.exec(_RATES).all())


class SqlThrottle:
    """Shares every key's pace out between the workers on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def turn(
        self, limit: Limit, told: Told | None, *, want: int, priority: int, now: datetime
    ) -> Grant:
        """Hear what became of the last sends and grant up to `want` permits, in one transaction."""

        def take(session: Session) -> Grant:
            row = _locked(session, limit.key)
            known = Pace(**{name: getattr(row, name) for name in COLUMNS})
            pace, grant = turned(known, limit, told, want=want, priority=priority, now=now)
            if pace != known:
                for name in COLUMNS:
                    setattr(row, name, getattr(pace, name))
                session.add(row)
            return grant

        return await self._database.write(take, behind=True)


def _locked(session: Session, key: str) -> ThrottleRow:
    wanted = select(ThrottleRow).where(col(ThrottleRow.key) == key).with_for_update()
    row = session.exec(wanted).first()
    if row is None:
        insert_ignoring(session, ThrottleRow, {"key": key, **asdict(Pace())}, on=("key",))
        row = session.exec(wanted).one()
    return row
