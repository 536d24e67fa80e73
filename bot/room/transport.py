"""The Teams transport: posts a statement into the incident's war room."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.edge.connector import Connector, ConnectorError
from bot.room.post import message
from comms.book import Store
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.room import Room
from comms.statement import CARD, PLAIN, Statement


class TeamsTransport:
    """Delivers to war rooms. An address is 'room:INC-41'."""

    def __init__(self, *, connector: Connector, store: Store) -> None:
        self._connector = connector
        self._store = store

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Post the card to each war room of the batch, one after the other."""
        return [await self._post(statement, delivery) for delivery in batch]

    async def _post(self, statement: Statement, delivery: Delivery) -> Outcome:
        key = delivery.address.removeprefix("room:")
        room = await self._store.read(lambda book: book.rooms.of(key))
        if room is None:
            return Outcome(
                delivery=delivery.id,
                state=DeliveryState.REJECTED,
                reason=Reason.UNREACHABLE,
                detail="The war room is not open yet.",
            )
        try:
            posted = await self._connector.post(
                room.place.service_url, room.place.conversation, _activity(statement, room)
            )
        except ConnectorError as failure:
            return _failed(delivery, failure)
        return Outcome(delivery=delivery.id, state=DeliveryState.ACCEPTED, provider_id=posted)


def _activity(statement: Statement, room: Room) -> dict[str, object]:
    return message(
        json.loads(statement.parts[CARD]),
        summary=statement.parts[PLAIN].splitlines()[0][:200],
        tag={
            "incident": room.incident,
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
