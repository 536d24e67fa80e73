"""Sending a batch: at its pace, held back after a refusal, one outcome for each delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from comms.channels.transport import Transport
from comms.clock import Clock
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.statement import Statement
from comms.trace import step

log = structlog.get_logger()

PIECE = 0.005
"""Seconds of permits that leave together: a batch trickles, it does not burst."""


class Sender:
    """Sends batches through a transport, any number at the same time."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._refused_at: datetime | None = None

    async def send(
        self, statement: Statement, batch: Sequence[Delivery], *, rate: float = 0.0
    ) -> dict[int, Outcome]:
        """Send a batch at `rate` messages a second (0: at once); return an outcome for each.

        Once a delivery is refused because it came too fast, what has not left yet stays: its
        outcome is `planned`, for no attempt was made.
        """
        began = self._clock.now()
        pieces = list(_pieces(batch, rate))
        if len(pieces) == 1:
            return await self._piece(statement, batch)
        sent = await asyncio.gather(
            *(
                self._in_time(statement, piece, began, timedelta(seconds=after))
                for after, piece in pieces
            )
        )
        return {delivery: outcome for some in sent for delivery, outcome in some.items()}

    async def _in_time(
        self, statement: Statement, piece: Sequence[Delivery], began: datetime, after: timedelta
    ) -> dict[int, Outcome]:
        await self._clock.sleep(after)
        if self._refused_at is not None and self._refused_at >= began:
            return {delivery.id: _held(delivery) for delivery in piece}
        return await self._piece(statement, piece)

    async def _piece(self, statement: Statement, piece: Sequence[Delivery]) -> dict[int, Outcome]:
        try:
            with step("fanout.send", deliveries=len(piece)):
                outcomes = await self._transport.send(statement, piece)
        except Exception as broken:
            log.exception("transport.broken", channel=statement.channel.value)
            return {delivery.id: unknown(delivery, type(broken).__name__) for delivery in piece}
        if any(outcome.reason is Reason.THROTTLED for outcome in outcomes):
            self._refused_at = self._clock.now()
        told = {outcome.delivery: outcome for outcome in outcomes}
        return {delivery.id: told.get(delivery.id) or unknown(delivery) for delivery in piece}


def _pieces(batch: Sequence[Delivery], rate: float) -> Iterator[tuple[float, Sequence[Delivery]]]:
    """Yield parts of the batch with the seconds after which each may leave."""
    size = max(int(rate * PIECE), 1) if rate else len(batch)
    for first in range(0, len(batch), size):
        yield (first / rate if rate else 0.0), batch[first : first + size]


def unknown(delivery: Delivery, detail: str = "") -> Outcome:
    """Nobody knows what became of it."""
    return Outcome(
        delivery=delivery.id,
        state=DeliveryState.UNKNOWN,
        reason=Reason.NO_REPLY,
        detail=detail,
    )


def _held(delivery: Delivery) -> Outcome:
    return Outcome(delivery=delivery.id, state=DeliveryState.PLANNED)
