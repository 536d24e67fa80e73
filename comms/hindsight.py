"""Hindsight: what is learned of a delivery after it was handed over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from comms.delivery import DeliveryState, LedgerRow, Reason

CAME_BACK = frozenset({Reason.BOUNCED, Reason.BOUNCING, Reason.COMPLAINED})
"""Why a suppressed delivery would have reached nobody, or somebody who does not want it."""


class Hindsight(Protocol):
    """The ledger as those see it who look back at it."""

    def delivery(self, number: int) -> LedgerRow | None:
        """One delivery by its number."""
        ...

    def handed_over(self, address: str, receipt: str, *, since: datetime) -> LedgerRow | None:
        """The mail to this address, approved since then, for which the relay gave that receipt."""
        ...

    def amend(
        self,
        delivery: int,
        to: DeliveryState,
        *,
        was: Collection[DeliveryState],
        reason: Reason | None,
        detail: str,
        now: datetime,
    ) -> bool:
        """Put a delivery into another final state, with its shard's totals.

        False where it is in none of the states `was`: something else became of it meanwhile.
        """
        ...

    def unreached(self, incident: str, number: int, *, limit: int) -> tuple[LedgerRow, ...]:
        """Some of those whom an update did not reach: rejected, or suppressed since mail came back.

        It looks at a bounded number of rows, however large the update is.
        """
        ...

    def beyond_resend(self, incident: str, number: int, *, now: datetime) -> int:
        """How many of the rejected a resend leaves out: nothing is sent there any more.

        Of a bounded number of rows, as above.
        """
        ...
