"""The seam between the fan-out and the world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from comms.delivery import Delivery, Outcome
from comms.statement import Statement


class Transport(Protocol):
    """Sends one statement to a few recipients."""

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Send to each delivery of the batch and return one outcome for each, in any order.

        Retries that fit into one send happen inside. Nothing is raised for a recipient, a
        refusal or a broken connection: those are outcomes. What a transport raises all the same
        makes every delivery of the batch unknown.
        """
        ...
