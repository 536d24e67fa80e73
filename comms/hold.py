"""What waits in the ledger for the end of quiet hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from comms.ledger import Fanout


@dataclass(frozen=True, kw_only=True)
class Held:
    """So many deliveries wait for quiet hours to end, the first at `until` (UTC)."""

    deliveries: int
    until: datetime


class Holds(Protocol):
    """The deliveries that wait for the end of quiet hours."""

    def overtake(self, fanout: Fanout, *, now: datetime) -> int:
        """Suppress what still waits of earlier updates to those for whom this one is planned.

        Of the same incident and audience, by whatever channel; return how many that were.
        """
        ...

    def release(self, now: datetime) -> Sequence[Fanout]:
        """Let what was held until now, or before, be sent; return the fan-outs it belongs to.

        To whom nothing is sent any more is suppressed, with the reason for that.
        """
        ...

    def waiting(self, incident: str, number: int) -> Mapping[str, Held]:
        """What of an update waits, by audience."""
        ...
