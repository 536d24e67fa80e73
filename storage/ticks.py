"""Where ticks of checklists are kept."""

from __future__ import annotations

from sqlmodel import Session, col, delete, select

from comms.checklist import Tick
from comms.people import Role
from storage.columns import document
from storage.documents import PERSON
from storage.plan_tables import TickRow


class SqlTicks:
    """Ticks in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, tick: Tick) -> None:
        """Keep a tick."""
        self._session.add(
            TickRow(
                incident=tick.incident,
                role=tick.role.value,
                item=tick.item,
                by=document(PERSON, tick.by),
                at=tick.at,
            )
        )
        self._session.flush()

    def remove(self, tick: Tick) -> None:
        """Take a tick back."""
        self._session.exec(
            delete(TickRow).where(
                col(TickRow.incident) == tick.incident,
                col(TickRow.role) == tick.role.value,
                col(TickRow.item) == tick.item,
            )
        )

    def of(self, incident: str) -> tuple[Tick, ...]:
        """All of an incident, oldest first."""
        rows = self._session.exec(
            select(TickRow).where(TickRow.incident == incident).order_by(col(TickRow.at))
        )
        return tuple(
            Tick(
                incident=row.incident,
                role=Role(row.role),
                item=row.item,
                by=PERSON.validate_python(row.by),
                at=row.at,
            )
            for row in rows
        )
