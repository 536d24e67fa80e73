"""Where incidents are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, func, insert, update
from sqlmodel import Session, col, or_, select

from comms.errors import NotFound
from comms.incident import OPEN, Incident, IncidentType, Severity, Status
from storage.columns import document
from storage.documents import PERSON, PLANS, ROLES
from storage.tables import IncidentRow

_ADD = insert(IncidentRow).returning(col(IncidentRow.id))
_NAME = (
    update(IncidentRow)
    .where(col(IncidentRow.id) == bindparam("number"))
    .values(key=bindparam("name"))
)

_BY_KEY = select(IncidentRow).where(col(IncidentRow.key) == bindparam("wanted"))
_DECLARED = select(col(IncidentRow.key)).where(col(IncidentRow.nonce) == bindparam("nonce"))


class SqlIncidents:
    """Incidents in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # One act asks for the same incident many times.
        self._read: dict[str, IncidentRow] = {}

    def add(self, incident: Incident, *, nonce: str) -> Incident:
        """Keep a new incident; the returned one has its id and key. `nonce` is unique."""
        connection = self._session.connection()
        fresh = {
            "key": f"new:{nonce}",
            "nonce": nonce,
            "declared_by": document(PERSON, incident.declared_by),
            "declared_at": incident.declared_at,
            "drill": incident.drill,
            **_changing(incident),
        }
        number = connection.execute(_ADD, fresh).scalar_one()
        key = f"INC-{number}"
        connection.execute(_NAME, {"number": number, "name": key})
        return replace(incident, id=number or 0, key=key)

    def declared_with(self, nonce: str) -> Incident | None:
        """The incident that this form declared already."""
        key = self._session.connection().execute(_DECLARED, {"nonce": nonce}).scalar()
        return self.get(key) if key else None

    def get(self, key: str) -> Incident:
        """Return one incident, or raise NotFound."""
        return _incident(self._row(key))

    def save(self, incident: Incident) -> None:
        """Keep its title, severity, type, services, status, times, roles and plans."""
        row = self._row(incident.key)
        for name, value in _changing(incident).items():
            setattr(row, name, value)
        self._session.flush()

    def find(
        self, *, words: str = "", open_only: bool = False, limit: int = 50
    ) -> tuple[Incident, ...]:
        """Incidents whose key or title has these words, newest first."""
        wanted = select(IncidentRow).order_by(col(IncidentRow.id).desc()).limit(limit)
        for word in words.lower().split():
            wanted = wanted.where(
                or_(
                    func.lower(IncidentRow.title).contains(word, autoescape=True),
                    func.lower(IncidentRow.key) == word,
                )
            )
        if open_only:
            wanted = wanted.where(col(IncidentRow.status).in_([status.value for status in OPEN]))
        return tuple(_incident(row) for row in self._session.exec(wanted))

    def _row(self, key: str) -> IncidentRow:
        wanted = key.strip().upper()
        row = self._read.get(wanted)
        if row is None or row not in self._session:
            row = self._session.exec(_BY_KEY, params={"wanted": wanted}).first()
            if row is None:
                raise NotFound(f"There is no incident {key[:40]!r}.")
            self._read[wanted] = row
        return row


def _changing(incident: Incident) -> dict[str, Any]:
    return {
        "title": incident.title,
        "summary": incident.summary,
        "severity": incident.severity.value,
        "type": incident.type.value,
        "services": list(incident.services),
        "status": incident.status.value,
        "roles": document(ROLES, incident.roles),
        "plans": document(PLANS, incident.plans),
        "resolved_at": incident.resolved_at,
    }


def _incident(row: IncidentRow) -> Incident:
    assert row.id is not None  # noqa: S101 (a row that was flushed has one)
    return Incident(
        id=row.id,
        key=row.key,
        title=row.title,
        severity=Severity(row.severity),
        status=Status(row.status),
        type=IncidentType(row.type),
        summary=row.summary,
        services=tuple(row.services),
        declared_by=PERSON.validate_python(row.declared_by),
        declared_at=row.declared_at,
        resolved_at=row.resolved_at,
        roles=ROLES.validate_python(row.roles),
        drill=row.drill,
        plans=PLANS.validate_python(row.plans),
    )
