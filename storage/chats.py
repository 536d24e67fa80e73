"""Where people's chats with the app are kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from comms.room import Place
from storage.plan_tables import ChatRow
from storage.rowset import Rowset, spelt
from storage.tables import RecipientRow

_GIVEN = Rowset("given", (("address", "text"),))

_AMONG = "SELECT chat.address FROM {given} JOIN chat ON chat.address = given.address"


class SqlChats:
    """Chats in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, address: str, place: Place) -> None:
        """This is where the person can be written to now."""
        self._session.merge(
            ChatRow(
                address=address.casefold(),
                conversation=place.conversation,
                service_url=place.service_url,
                tenant=place.tenant,
            )
        )
        self._session.flush()

    def of(self, address: str) -> Place | None:
        """Where the person can be written to; None: nowhere."""
        row = self._session.get(ChatRow, address.casefold())
        if row is None:
            return None
        return Place(
            conversation=row.conversation,
            service_url=row.service_url,
            tenant=row.tenant,
            personal=True,
        )

    def among(self, addresses: Sequence[str]) -> frozenset[str]:
        """Those of these addresses (casefolded) who can be written to."""
        if not addresses:
            return frozenset()
        connection = self._session.connection()
        found = connection.exec_driver_sql(
            spelt(_AMONG, connection.dialect.name, _GIVEN),
            tuple(_GIVEN.given(connection, [(one,) for one in addresses])),
        )
        return frozenset(address for (address,) in found)

    def count(self, audience: str) -> int:
        """How many people of the audience can be written to."""
        return self._session.exec(
            select(func.count())
            .select_from(RecipientRow)
            .join(ChatRow, col(ChatRow.address) == col(RecipientRow.address))
            .where(RecipientRow.audience == audience)
        ).one()
