"""A transport that sends nothing, remembers everything and answers by a rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from comms.delivery import Delivery, DeliveryState, Outcome
from comms.statement import Statement

Rule = Callable[[Delivery], Outcome]


def accept(delivery: Delivery) -> Outcome:
    """Take the delivery, with a receipt of its own."""
    return Outcome(
        delivery=delivery.id,
        state=DeliveryState.ACCEPTED,
        provider_id=f"{delivery.key}#{delivery.attempt}",
    )


@dataclass(kw_only=True)
class FakeTransport:
    """`rule` decides about each delivery; what it raises breaks the whole batch."""

    rule: Rule = accept
    sent: list[tuple[Statement, Delivery]] = field(default_factory=list)

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Remember the batch and answer for each of its deliveries."""
        self.sent.extend((statement, delivery) for delivery in batch)
        return [self.rule(delivery) for delivery in batch]

    @property
    def addresses(self) -> list[str]:
        """Whom it was sent to, in that order; a repeated one as often as it was."""
        return [delivery.address for _, delivery in self.sent]
