"""A message on its way to a relay, and the batch that waits for what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from comms.delivery import DeliveryState, Outcome, Reason


@dataclass(slots=True, eq=False)
class Envelope:
    """One message to one recipient. `content` is what DATA carries, the last dot included, in
    pieces: those that all recipients have in common are there once.

    `sender` is where it comes back to; empty: where all of its session do.

    Exactly one of two things happens to it: an `outcome`, or it is `dropped` before any of its
    content left, in which case it can be sent again without risk of a duplicate.
    """

    delivery: int
    recipient: bytes
    content: Sequence[bytes]
    sender: bytes = b""
    batch: Batch | None = None
    dropped: Drop | None = None
    outcome: Outcome | None = None

    @property
    def octets(self) -> int:
        """How large the message is."""
        return sum(map(len, self.content))

    @property
    def is_under_way(self) -> bool:
        """True until the one or the other has happened."""
        return self.outcome is None and self.dropped is None

    def settle(self, outcome: Outcome) -> None:
        """Record what the relay said."""
        self.outcome = outcome
        self._leave()

    def drop(self, drop: Drop) -> None:
        """Record that the relay never got it."""
        self.dropped = drop
        self._leave()

    def _leave(self) -> None:
        if self.batch is not None:
            self.batch.one_less()


@dataclass(frozen=True, slots=True)
class Drop:
    """Why a message never reached the relay; `again` where another connection may carry it now.

    Without a reason it was never tried: the relay had refused others because they came too fast.
    """

    reason: Reason | None
    detail: str
    again: bool

    def outcome(self, delivery: int) -> Outcome:
        """The outcome when it is not tried again now."""
        if self.reason is None:
            return Outcome(delivery=delivery, state=DeliveryState.PLANNED)
        return Outcome(
            delivery=delivery,
            state=DeliveryState.REJECTED,
            reason=self.reason,
            detail=self.detail,
        )


HELD_BACK = Drop(reason=None, detail="", again=False)


@dataclass(slots=True, eq=False)
class Batch:
    """Resolves `done` when none of its envelopes is under way any more."""

    done: asyncio.Future[None]
    left: int = field(default=0)

    def one_less(self) -> None:
        """An envelope has come to its end."""
        self.left -= 1
        if self.left == 0 and not self.done.done():
            self.done.set_result(None)

    @property
    def is_abandoned(self) -> bool:
        """True when nobody waits any more: what has not left yet should not leave."""
        return self.done.cancelled()


def batch_of(envelopes: Sequence[Envelope]) -> Batch:
    """Put the envelopes into one batch."""
    batch = Batch(asyncio.get_running_loop().create_future(), len(envelopes))
    for envelope in envelopes:
        envelope.batch, envelope.dropped, envelope.outcome = batch, None, None
    return batch
