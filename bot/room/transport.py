"""The Teams transport: posts a statement into the incident's war room, or people's own chats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from bot.edge.connector import Connector, ConnectorError
from bot.room.post import message
from comms.book import Book, Store
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.room import Place
from comms.statement import CARD, PLAIN, Statement

ROOM = "room:"
"""What the address of a war room begins with."""


class TeamsTransport:
    """Delivers to war rooms and chats. An address is 'room:INC-41', or a person's mail address."""

    def __init__(self, *, connector: Connector, store: Store) -> None:
        self._connector = connector
        self._store = store

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Post the card to each place of the batch, one after the other."""
        return [await self._post(statement, delivery) for delivery in batch]

    async def _post(self, statement: Statement, delivery: Delivery) -> Outcome:
        place = await self._store.read(partial(_place, address=delivery.address))
        if place is None:
            return _nowhere(delivery)
        try:
            posted = await self._connector.post(
                place.service_url, place.conversation, _activity(statement)
            )
        except ConnectorError as failure:
            return _failed(delivery, failure)
        return Outcome(delivery=delivery.id, state=DeliveryState.ACCEPTED, provider_id=posted)


def _place(book: Book, *, address: str) -> Place | None:
    if not address.startswith(ROOM):
        return book.chats.of(address)
    room = book.rooms.of(address.removeprefix(ROOM))
    return room.place if room else None


def _nowhere(delivery: Delivery) -> Outcome:
    """A war room may still open; who has no chat with the app is told in another way."""
    is_room = delivery.address.startswith(ROOM)
    return Outcome(
        delivery=delivery.id,
        state=DeliveryState.REJECTED,
        reason=Reason.UNREACHABLE if is_room else Reason.NO_ADDRESS,
        detail="The war room is not open yet." if is_room else "There is no chat with the app.",
    )


def _activity(statement: Statement) -> dict[str, object]:
    return message(
        json.loads(statement.parts[CARD]),
        summary=statement.parts[PLAIN].splitlines()[0][:200],
        tag={
            "incident": statement.incident,
            "update": statement.update,
            "audience": statement.audience,
        },
    )


def _failed(delivery: Delivery, failure: ConnectorError) -> Outcome:
    """Say what a refusal means: unknown where the message may have been taken all the same."""
    if failure.handed_over:
        return Outcome(
            delivery=delivery.id,
            state=DeliveryState.UNKNOWN,
            reason=Reason.NO_REPLY,
            detail=str(failure)[:200],
        )
    return Outcome(
        delivery=delivery.id,
        state=DeliveryState.REJECTED,
        reason=_REASONS.get(failure.status, Reason.TEMPORARY),
        detail=str(failure)[:200],
        retry_after=failure.retry_after,
    )


_REASONS = {
    0: Reason.UNREACHABLE,
    400: Reason.CONTENT_REFUSED,
    401: Reason.AUTHENTICATION,
    403: Reason.FORBIDDEN,
    404: Reason.GONE,
    413: Reason.TOO_LARGE,
    429: Reason.THROTTLED,
}
"""What the connector's answers mean for a delivery; any other may pass."""
