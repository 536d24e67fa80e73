"""Where updates and their statements are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, delete, select

from comms.errors import NotFound
from comms.incident import Severity, Status
from comms.statement import Statement
from comms.update import Kind, Update, UpdateState
from storage.columns import document
from storage.documents import APPROVALS, PEOPLE, PERSON, PROMISES, REPORT, STATEMENT
from storage.newer import is_known
from storage.tables import StatementRow, UpdateRow

# Read many times in one act: they are built once.
_ONE = select(UpdateRow).where(
    col(UpdateRow.incident) == bindparam("key"), col(UpdateRow.number) == bindparam("wanted")
)
_OF = (
    select(UpdateRow)
    .where(col(UpdateRow.incident) == bindparam("key"), col(UpdateRow.number) > 0)
    .order_by(col(UpdateRow.number))
)


class SqlUpdates:
    """Updates in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(self, update: Update) -> Update:
        """Keep a new update (id 0) or what became of one; the returned one has its id."""
        row = self._session.merge(UpdateRow(**_columns(update)))
        if update.state is UpdateState.DISCARDED:
            row.number = -update.id
        self._session.flush()
        return replace(update, id=row.id or 0)

    def get(self, incident: str, number: int) -> Update:
        """Return one update, or raise NotFound."""
        row = self._session.exec(_ONE, params={"key": incident, "wanted": number}).first()
        if row is None or number < 1:
            raise NotFound(f"{incident} has no update {number}.")
        return _update(row)

    def of(self, incident: str) -> tuple[Update, ...]:
        """All updates of an incident by their number, without discarded ones."""
        rows = self._session.exec(_OF, params={"key": incident})
        return tuple(_update(row) for row in rows)

    def keep_statements(self, update: Update, statements: Sequence[Statement]) -> None:
        """Keep these as the update's statements, in place of any before."""
        self._session.exec(delete(StatementRow).where(col(StatementRow.update_id) == update.id))
        self._session.add_all(
            StatementRow(
                update_id=update.id,
                position=position,
                audience=statement.audience,
                channel=statement.channel.value,
                body=document(STATEMENT, statement),
            )
            for position, statement in enumerate(statements)
        )
        self._session.flush()

    def statements(self, update: Update) -> tuple[Statement, ...]:
        """What was rendered when the update was drafted."""
        rows = self._session.exec(
            select(StatementRow)
            .where(StatementRow.update_id == update.id, is_known(StatementRow.channel))
            .order_by(col(StatementRow.position))
        )
        return tuple(STATEMENT.validate_python(row.body) for row in rows)


def _columns(update: Update) -> dict[str, Any]:
    return {
        "id": update.id or None,
        "incident": update.incident,
        "number": update.number,
        "kind": update.kind.value,
        "state": update.state.value,
        "report": document(REPORT, update.report),
        "status": update.status.value,
        "audiences": list(update.audiences),
        "promises": document(PROMISES, dict(update.promises)),
        "hash": update.hash,
        "drafted_by": document(PERSON, update.drafted_by),
        "drafted_at": update.drafted_at,
        "approvals": document(APPROVALS, update.approvals),
        "asked": document(PEOPLE, update.asked),
        "approved_at": update.approved_at,
        "corrects": update.corrects,
        "severity": update.severity.value,
        "severity_was": update.severity_was.value if update.severity_was else None,
        "unchanged_since": update.unchanged_since,
    }


def _update(row: UpdateRow) -> Update:
    assert row.id is not None  # noqa: S101 (a row that was flushed has one)
    return Update(
        id=row.id,
        incident=row.incident,
        number=row.number,
        kind=Kind(row.kind),
        state=UpdateState(row.state),
        report=REPORT.validate_python(row.report),
        status=Status(row.status),
        audiences=tuple(row.audiences),
        promises=PROMISES.validate_python(row.promises),
        hash=row.hash,
        drafted_by=PERSON.validate_python(row.drafted_by),
        drafted_at=row.drafted_at,
        approvals=APPROVALS.validate_python(row.approvals),
        asked=PEOPLE.validate_python(row.asked),
        approved_at=row.approved_at,
        corrects=row.corrects,
        severity=Severity(row.severity),
        severity_was=Severity(row.severity_was) if row.severity_was else None,
        unchanged_since=row.unchanged_since,
    )
