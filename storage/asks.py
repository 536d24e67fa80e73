"""Where asks are kept."""

from __future__ import annotations

from sqlmodel import Session, col, select

from comms.ask import Ask, AskState
from comms.errors import NotFound
from storage.columns import document
from storage.documents import NEED, PERSON
from storage.tables import AskRow


class SqlAsks:
    """Asks in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, ask: Ask) -> Ask:
        """Keep a new ask; the returned one has its id."""
        row = AskRow(
            incident=ask.incident,
            need=document(NEED, ask.need),
            raised_at=ask.raised_at,
            state=ask.state.value,
        )
        self._session.add(row)
        self._session.flush()
        return _ask(row)

    def save(self, ask: Ask) -> None:
        """Keep what became of it."""
        row = self._row(ask.id)
        row.state = ask.state.value
        row.taken_by = document(PERSON, ask.taken_by) if ask.taken_by else None
        row.declined_by = document(PERSON, ask.declined_by) if ask.declined_by else None
        row.met_at = ask.met_at
        self._session.flush()

    def get(self, ask_id: int) -> Ask:
        """Return one ask, or raise NotFound."""
        return _ask(self._row(ask_id))

    def of(self, incident: str) -> tuple[Ask, ...]:
        """All asks of an incident, oldest first."""
        rows = self._session.exec(
            select(AskRow).where(AskRow.incident == incident).order_by(col(AskRow.id))
        )
        return tuple(_ask(row) for row in rows)

    def _row(self, ask_id: int) -> AskRow:
        row = self._session.get(AskRow, ask_id)
        if row is None:
            raise NotFound(f"There is no ask {ask_id}.")
        return row


def _ask(row: AskRow) -> Ask:
    assert row.id is not None  # noqa: S101 (a row that was flushed has one)
    return Ask(
        id=row.id,
        incident=row.incident,
        need=NEED.validate_python(row.need),
        raised_at=row.raised_at,
        state=AskState(row.state),
        taken_by=PERSON.validate_python(row.taken_by) if row.taken_by else None,
        declined_by=PERSON.validate_python(row.declined_by) if row.declined_by else None,
        met_at=row.met_at,
    )
