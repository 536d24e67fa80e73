"""Where bulletins are kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from comms.bulletin import Bulletin, BulletinKind
from storage.columns import document
from storage.documents import STATEMENT
from storage.mail_tables import BulletinRow
from storage.upsert import insert_ignoring


class SqlBulletins:
    """Bulletins in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, bulletin: Bulletin) -> bool:
        """Keep a new one; False where there is one of that key already."""
        row = {
            "key": bulletin.key,
            "kind": bulletin.kind.value,
            "audience": bulletin.audience,
            "about": bulletin.about,
            "at": bulletin.at,
            "facts": dict(bulletin.facts),
            "body": document(STATEMENT, bulletin.statement),
        }
        return insert_ignoring(self._session, BulletinRow, row, on=("key",))

    def get(self, key: str) -> Bulletin | None:
        """The bulletin of that key, if there is one."""
        row = self._session.exec(select(BulletinRow).where(BulletinRow.key == key)).first()
        return _bulletin(row) if row else None

    def find(
        self,
        *,
        kind: BulletinKind | None = None,
        audience: str | None = None,
        about: str | None = None,
        limit: int = 50,
    ) -> Sequence[Bulletin]:
        """Bulletins of this kind, to this audience, about this incident, newest first."""
        query = select(BulletinRow).order_by(col(BulletinRow.id).desc()).limit(limit)
        if kind is not None:
            query = query.where(BulletinRow.kind == kind.value)
        if audience is not None:
            query = query.where(BulletinRow.audience == audience)
        if about is not None:
            query = query.where(BulletinRow.about == about)
        return [_bulletin(row) for row in self._session.exec(query)]


def _bulletin(row: BulletinRow) -> Bulletin:
    return Bulletin(
        key=row.key,
        kind=BulletinKind(row.kind),
        audience=row.audience,
        about=row.about,
        at=row.at,
        facts=row.facts,
        statement=STATEMENT.validate_python(row.body),
    )
