"""Meters: what the loops tell whoever watches the product. Counts and times, never content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from comms.ledger import Settled
from comms.plan.model import ChannelName


class Meters(Protocol):
    """Told after each thing has been committed; must return at once."""

    def recorded(self, channel: ChannelName, settled: Sequence[Settled]) -> None:
        """These outcomes of attempts are in the ledger."""
        ...

    def fired(self, kind: str, late: timedelta) -> None:
        """A timer has fired, so much after it was due."""
        ...

    def carried(self, kind: str, outcome: str) -> None:
        """An effect of the outbox was 'done', 'put_off' or 'given_up'."""
        ...


class Unwatched:
    """Nobody watches."""

    def recorded(self, channel: ChannelName, settled: Sequence[Settled]) -> None:
        """Take no notice."""

    def fired(self, kind: str, late: timedelta) -> None:
        """Take no notice."""

    def carried(self, kind: str, outcome: str) -> None:
        """Take no notice."""
