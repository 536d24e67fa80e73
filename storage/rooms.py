"""Where places, war rooms and cards are kept."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Executable
from sqlmodel import Session, col, func, select

from comms.room import Place, Room
from storage.columns import document
from storage.documents import PLACE
from storage.tables import CardRow, PlaceRow, RoomRow
from storage.upsert import dialect_of, insert_into


class SqlRooms:
    """Rooms in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def remember(self, place: Place) -> None:
        """Keep or refresh a place: the connector's address of it may change with any activity."""
        known = self._session.get(PlaceRow, place.conversation)
        last = self._session.exec(select(func.max(PlaceRow.seen))).one() or 0
        self._session.merge(
            PlaceRow(
                conversation=place.conversation,
                service_url=place.service_url,
                tenant=place.tenant,
                team=place.team,
                channel=place.channel,
                name=place.name,
                seen=known.seen if known else last + 1,
            )
        )
        self._session.flush()

    def home(self) -> Place | None:
        """The channel in which war rooms open: the one the app was last added to."""
        row = self._session.exec(
            select(PlaceRow).where(PlaceRow.channel != "").order_by(col(PlaceRow.seen).desc())
        ).first()
        return _place(row) if row else None

    def origin(self, incident: str) -> Place | None:
        """Where the incident was declared, if in Teams."""
        row = self._session.get(RoomRow, incident)
        return PLACE.validate_python(row.origin) if row and row.origin else None

    def declared_in(self, incident: str, place: Place) -> None:
        """Keep where an incident was declared."""
        statement = _declared_in(dialect_of(self._session))
        given = {"incident": incident, "origin": document(PLACE, place)}
        self._session.connection().execute(statement, given)

    def save(self, room: Room) -> None:
        """Keep the war room of an incident."""
        row = self._session.get(RoomRow, room.incident) or RoomRow(incident=room.incident)
        row.place = document(PLACE, room.place)
        row.conversation = room.place.conversation
        row.card = room.card
        self._session.add(row)
        self._session.flush()

    def of(self, incident: str) -> Room | None:
        """The war room of an incident, once it is open."""
        row = self._session.get(RoomRow, incident)
        if row is None or row.place is None:
            return None
        return Room(incident=incident, place=PLACE.validate_python(row.place), card=row.card)

    def at(self, conversation: str) -> str | None:
        """The key of the incident whose war room this conversation is."""
        row = self._session.exec(
            select(RoomRow)
            .where(RoomRow.conversation == conversation)
            .order_by(col(RoomRow.incident).desc())
        ).first()
        return row.incident if row and conversation else None

    def keep_card(self, incident: str, name: str, activity: str) -> None:
        """Keep the activity id of a card that may have to change later."""
        self._session.merge(CardRow(incident=incident, name=name, activity=activity))
        self._session.flush()

    def card(self, incident: str, name: str) -> str | None:
        """The activity id of that card."""
        row = self._session.get(CardRow, (incident, name))
        return row.activity if row else None


def _place(row: PlaceRow) -> Place:
    return Place(
        conversation=row.conversation,
        service_url=row.service_url,
        tenant=row.tenant,
        team=row.team,
        channel=row.channel,
        name=row.name,
    )


@cache
def _declared_in(dialect: str) -> Executable:
    statement = insert_into(RoomRow, dialect)
    return statement.on_conflict_do_update(
        index_elements=["incident"], set_={"origin": statement.excluded.origin}
    )
