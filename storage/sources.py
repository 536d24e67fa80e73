"""Where copies of the sources of people are kept, and made into recipients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, union_all
from sqlmodel import Session, col, delete, select

from comms.bell import Topic
from comms.source import FeedCopy, Member, Shift, SourceState
from storage.database import Database
from storage.plan_tables import FeedRow, MemberRow, ShiftRow, SourceRow
from storage.rowset import Rowset, spelt
from storage.speaking import speaking
from storage.touch import touch

_KEYS = Rowset("named", (("source", "text"),))
_GIVEN = Rowset(
    "given", tuple((column, "text") for column in ("address", "email", "name", "language"))
)

_INSERT = """
INSERT INTO member (source, address, email, name, language)
SELECT ?, address, email, name, language
FROM {given}
WHERE true
ON CONFLICT (source, address) DO NOTHING
"""

# One row for a person whom several sources name; '' sorts before any name.
_FOUND = """
SELECT address, min(email) AS email, max(name) AS name, max(language) AS language
FROM member WHERE source IN (SELECT source FROM {named}) GROUP BY address
"""

_ADD = f"""
INSERT INTO recipient (audience, address, email, name, language, time_zone, channels, quiet,
                       listed, subscribed)
SELECT ?, address, email, name, language, '', '', '', ?, ?
FROM ({_FOUND}) AS found
WHERE true
ON CONFLICT (audience, address) DO NOTHING
"""  # noqa: S608 (no value is put into it)

_RENAME = f"""
UPDATE recipient SET email = found.email, name = found.name, language = found.language
FROM ({_FOUND}) AS found
WHERE recipient.audience = ? AND recipient.address = found.address
  AND NOT recipient.listed AND NOT recipient.subscribed
  AND (recipient.email <> found.email OR recipient.name <> found.name
       OR recipient.language <> found.language)
"""  # noqa: S608 (as above)

_DROP = """
DELETE FROM recipient
WHERE audience = ? AND NOT listed AND NOT subscribed AND NOT EXISTS (
    SELECT 1 FROM member
    WHERE member.address = recipient.address AND member.source IN (SELECT source FROM {named})
)
"""


def kept_in(database: Database) -> Mapping[str, SourceState]:
    """What is known of every source, read at once and outside of any loop."""
    with speaking(), Session(database.reader) as session:
        return SqlSources(session).states()


class SqlSources:
    """Copies of sources in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def states(self) -> Mapping[str, SourceState]:
        """What is known of every source, by its key."""
        rows = self._session.exec(select(SourceRow).order_by(col(SourceRow.key)))
        return {row.key: SourceState(**row.model_dump()) for row in rows}

    def save(self, state: SourceState) -> None:
        """Keep what is known of a source, in place of what was."""
        values = {name: getattr(state, name) for name in SourceRow.model_fields}
        self._session.merge(SourceRow(**{**values, "left_out": dict(state.left_out)}))
        self._session.flush()

    def hurry(self, state: SourceState) -> None:
        """Keep it, and wake whoever reads sources."""
        self.save(state)
        touch(self._session, Topic.SOURCES)

    def keep_only(self, keys: Sequence[str]) -> None:
        """Forget the copies of all other sources."""
        self._session.exec(delete(SourceRow).where(col(SourceRow.key).not_in(keys)))
        self._session.exec(delete(MemberRow).where(col(MemberRow.source).not_in(keys)))
        self._session.exec(delete(ShiftRow).where(col(ShiftRow.source).not_in(keys)))
        self._session.exec(delete(FeedRow).where(col(FeedRow.source).not_in(keys)))

    def members(self, key: str) -> Sequence[Member]:
        """The people of a source's copy, by their address."""
        rows = self._session.exec(
            select(MemberRow).where(MemberRow.source == key).order_by(col(MemberRow.address))
        )
        return [Member(email=row.email, name=row.name, language=row.language) for row in rows]

    def keep_members(self, key: str, members: Sequence[Member]) -> None:
        """Make these the people of a source's copy."""
        self._session.exec(delete(MemberRow).where(col(MemberRow.source) == key))
        if members:
            rows = [(one.email.casefold(), one.email, one.name, one.language) for one in members]
            connection = self._session.connection()
            self._run(_INSERT, key, *_GIVEN.given(connection, rows))

    def keep_shifts(self, key: str, shifts: Sequence[Shift]) -> None:
        """Make these the shifts of a rota's copy."""
        self._session.exec(delete(ShiftRow).where(col(ShiftRow.source) == key))
        self._session.add_all(
            ShiftRow(
                source=key,
                starts_at=one.starts,
                ends_at=one.ends,
                email=one.member.email,
                name=one.member.name,
            )
            for one in shifts
        )
        self._session.flush()

    def on_call(self, key: str, at: datetime) -> Sequence[Member]:
        """Who is on call at a moment, those who began last first."""
        rows = self._session.exec(
            select(ShiftRow)
            .where(ShiftRow.source == key, ShiftRow.starts_at <= at, ShiftRow.ends_at > at)
            .order_by(col(ShiftRow.starts_at).desc(), col(ShiftRow.id))
        )
        found = {row.email.casefold(): Member(email=row.email, name=row.name) for row in rows}
        return list(found.values())

    def next_change(self, keys: Sequence[str], after: datetime) -> datetime | None:
        """When the next shift of any of these rotas begins or ends."""
        moments = (
            select(func.min(column)).where(col(ShiftRow.source).in_(keys), column > after)
            for column in (col(ShiftRow.starts_at), col(ShiftRow.ends_at))
        )
        rows = self._session.connection().execute(union_all(*moments)).scalars()
        return min((moment for moment in rows if moment is not None), default=None)

    def feed(self, key: str) -> FeedCopy | None:
        """The last good text of a rota's calendar."""
        row = self._session.get(FeedRow, key)
        if row is None:
            return None
        return FeedCopy(origin=row.origin, body=row.body, etag=row.etag, modified=row.modified)

    def keep_feed(self, key: str, copy: FeedCopy) -> None:
        """Keep it, in place of the one before."""
        self._session.merge(
            FeedRow(
                source=key,
                origin=copy.origin,
                etag=copy.etag,
                modified=copy.modified,
                body=copy.body,
            )
        )
        self._session.flush()

    def settle(self, audience: str, keys: Sequence[str]) -> None:
        """Make the people of these copies recipients of the audience, beside its own list, and
        take out those whom nothing names any more."""
        connection = self._session.connection()
        # A set of no rows is none that can be handed over; no source has this key.
        named = _KEYS.given(connection, [(key,) for key in keys or ("",)])
        self._run(_DROP, audience, *named)
        self._run(_RENAME, *named, audience)
        self._run(_ADD, audience, False, False, *named)

    def _run(self, statement: str, *given: object) -> None:
        connection = self._session.connection()
        connection.exec_driver_sql(spelt(statement, connection.dialect.name, _KEYS, _GIVEN), given)
