"""Sending by services that take one letter a request: side by side, until one is throttled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from comms.channels.mail.graph.refusal import rejected
from comms.channels.mail.letters import Letters
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.errors import Invalid
from comms.statement import Statement

Send = Callable[[Delivery, bytes], Awaitable[Outcome]]
"""Hands one letter (the message as bytes) to the service."""


class Singly:
    """Hands over at most `at_once` letters at a time; the rest stays planned once throttled."""

    def __init__(self, letters: Letters, send: Send, *, at_once: int) -> None:
        self._letters = letters
        self._send = send
        self._free = asyncio.Semaphore(at_once)

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Send to each delivery and return one outcome for each."""
        held = asyncio.Event()
        return list(
            await asyncio.gather(*(self._one(statement, delivery, held) for delivery in batch))
        )

    async def _one(self, statement: Statement, delivery: Delivery, held: asyncio.Event) -> Outcome:
        try:
            letter = self._letters.filled(statement, delivery)
        except Invalid as error:
            return rejected(delivery, Reason.ADDRESS_INVALID, error.detail)
        async with self._free:
            if held.is_set():
                return Outcome(delivery=delivery.id, state=DeliveryState.PLANNED)
            became = await self._send(delivery, letter)
        if became.reason is Reason.THROTTLED:
            held.set()
        return became
