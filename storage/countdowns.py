"""Where regulators' countdowns are kept."""

from __future__ import annotations

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from comms.errors import NotFound
from comms.regulator.countdown import Countdown, Filed
from storage.columns import document
from storage.documents import PERSON
from storage.tables import CountdownRow

FILED = TypeAdapter(dict[str, Filed])


class SqlCountdowns:
    """Countdowns in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, countdown: Countdown) -> Countdown:
        """Keep a new one; the returned one has its id."""
        row = CountdownRow(
            incident=countdown.incident,
            regime=countdown.regime,
            started_at=countdown.started_at,
            aware_at=countdown.aware_at,
            started_by=document(PERSON, countdown.started_by),
            filed=document(FILED, dict(countdown.filed)),
            stopped=countdown.stopped,
        )
        self._session.add(row)
        self._session.flush()
        return _countdown(row)

    def save(self, countdown: Countdown) -> None:
        """Keep what became of it."""
        row = self._row(countdown.id)
        row.filed = document(FILED, dict(countdown.filed))
        row.stopped = countdown.stopped
        self._session.flush()

    def of(self, incident: str) -> tuple[Countdown, ...]:
        """All of an incident, in the order in which they were started."""
        rows = self._session.exec(
            select(CountdownRow)
            .where(CountdownRow.incident == incident)
            .order_by(col(CountdownRow.id))
        )
        return tuple(_countdown(row) for row in rows)

    def get(self, countdown_id: int) -> Countdown:
        """Return one, or raise NotFound."""
        return _countdown(self._row(countdown_id))

    def _row(self, countdown_id: int) -> CountdownRow:
        row = self._session.get(CountdownRow, countdown_id)
        if row is None:
            raise NotFound(f"There is no countdown {countdown_id}.")
        return row


def _countdown(row: CountdownRow) -> Countdown:
    assert row.id is not None  # noqa: S101 (a row that was flushed has one)
    return Countdown(
        id=row.id,
        incident=row.incident,
        regime=row.regime,
        started_at=row.started_at,
        aware_at=row.aware_at,
        started_by=PERSON.validate_python(row.started_by),
        filed=FILED.validate_python(row.filed),
        stopped=row.stopped,
    )
