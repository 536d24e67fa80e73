"""Where it is kept what has been seen: activities by the bot, updates by people."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from comms.people import Person
from comms.plan.model import ChannelName
from storage.columns import document
from storage.documents import PERSON
from storage.tables import AcknowledgementRow, SightingRow
from storage.upsert import insert_ignoring


class SqlSightings:
    """Sightings in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def first(self, activity: str, *, now: datetime) -> bool:
        """True the first time that this activity id is shown, in all replicas together."""
        return insert_ignoring(
            self._session, SightingRow, {"activity": activity, "at": now}, on=("activity",)
        )

    def known(self, activity: str) -> bool:
        """True where this activity id was shown before."""
        return self._session.get(SightingRow, activity) is not None

    def acknowledge(
        self,
        *,
        incident: str,
        number: int,
        by: Person,
        audience: str,
        way: ChannelName,
        now: datetime,
    ) -> bool:
        """Record a person's 'seen' of an update, by which channel; False when it was recorded
        before."""
        return insert_ignoring(
            self._session,
            AcknowledgementRow,
            {
                "incident": incident,
                "number": number,
                "person": by.id,
                "by": document(PERSON, by),
                "audience": audience,
                "at": now,
                "way": way.value,
            },
            on=("incident", "number", "person"),
        )

    def acknowledged(self, incident: str, number: int) -> tuple[Person, ...]:
        """Who has seen an update."""
        rows = self._session.exec(
            select(AcknowledgementRow)
            .where(AcknowledgementRow.incident == incident, AcknowledgementRow.number == number)
            .order_by(col(AcknowledgementRow.id))
        )
        return tuple(PERSON.validate_python(row.by) for row in rows)
