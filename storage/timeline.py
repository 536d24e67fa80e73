"""Where timelines and the audit log are kept."""

from __future__ import annotations

from sqlalchemy import insert
from sqlmodel import Session, col, select

from comms.timeline import Deed, Entry
from storage.columns import document
from storage.documents import PERSON
from storage.tables import DeedRow, EntryRow

_ENTER = insert(EntryRow)
_RECORD = insert(DeedRow)


class SqlTimeline:
    """Timelines in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *entries: Entry) -> None:
        """Keep these entries, in this order."""
        if not entries:
            return
        rows = [
            {
                "incident": entry.incident,
                "at": entry.at,
                "by": document(PERSON, entry.by),
                "kind": entry.kind,
                "text": entry.text,
                "facts": dict(entry.facts),
            }
            for entry in entries
        ]
        self._session.connection().execute(_ENTER, rows)

    def of(self, incident: str, *, after: int = 0) -> tuple[Entry, ...]:
        """The entries of an incident with an id above `after`, oldest first."""
        rows = self._session.exec(
            select(EntryRow)
            .where(EntryRow.incident == incident, col(EntryRow.id) > after)
            .order_by(col(EntryRow.id))
        )
        return tuple(
            Entry(
                id=row.id or 0,
                incident=row.incident,
                at=row.at,
                by=PERSON.validate_python(row.by),
                kind=row.kind,
                text=row.text,
                facts=row.facts,
            )
            for row in rows
        )


class SqlAudit:
    """The audit log in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *deeds: Deed) -> None:
        """Keep these deeds, in this order."""
        if not deeds:
            return
        rows = [
            {
                "at": deed.at,
                "by": document(PERSON, deed.by),
                "via": deed.via,
                "action": deed.action,
                "subject": deed.subject,
                "detail": dict(deed.detail),
            }
            for deed in deeds
        ]
        self._session.connection().execute(_RECORD, rows)

    def of(self, subject: str) -> tuple[Deed, ...]:
        """The deeds done to a thing, oldest first."""
        rows = self._session.exec(
            select(DeedRow).where(DeedRow.subject == subject).order_by(col(DeedRow.id))
        )
        return tuple(
            Deed(
                at=row.at,
                by=PERSON.validate_python(row.by),
                via=row.via,
                action=row.action,
                subject=row.subject,
                detail=row.detail,
            )
            for row in rows
        )
