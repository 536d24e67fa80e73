"""A channel that is not set up: its deliveries wait, and say why."""

from __future__ import annotations

from collections.abc import Sequence

from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.statement import Statement


class Unconfigured:
    """Refuses for the moment; the ledger shows `why`, and what to do, at each delivery."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Return a refusal that may pass for each delivery."""
        return [
            Outcome(
                delivery=delivery.id,
                state=DeliveryState.REJECTED,
                reason=Reason.UNREACHABLE,
                detail=self._why,
            )
            for delivery in batch
        ]
