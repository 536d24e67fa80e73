"""The ledger: the record of every delivery, committed before anything is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from comms.delivery import Delivery, DeliveryState, LedgerRow, Outcome, Reason
from comms.plan.model import ChannelName
from comms.statement import Statement

Totals = Mapping[DeliveryState, int]


class FanoutState(StrEnum):
    """planning (rows are being written) → ready → done; or cancelled."""

    PLANNING = "planning"
    READY = "ready"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Fanout:
    """One approved update to one audience by one channel.

    `priority` sorts fan-outs, smallest first: the severity's rank, then the audience's position.
    """

    id: int
    incident: str
    update: int
    audience: str
    channel: ChannelName
    priority: int
    state: FanoutState
    opened_at: datetime


@dataclass(frozen=True, kw_only=True)
class Line:
    """A delivery to be written into the ledger: planned, or suppressed with its reason."""

    address: str
    name: str = ""
    language: str = "en"
    suppressed: Reason | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Deliveries of one fan-out that this owner may send until `lease_until`."""

    fanout: Fanout
    owner: str
    lease_until: datetime
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which rows to read; `after` is the id of the last row of the page before."""

    update: int | None = None
    audience: str | None = None
    state: DeliveryState | None = None
    after: int = 0
    limit: int = 100


class Fanouts(Protocol):
    """The ledger as an act sees it, inside the act's own transaction."""

    def open(self, *, update: int, statement: Statement, priority: int, now: datetime) -> Fanout:
        """Open the fan-out of a statement, with no rows yet; the same one if it is open."""
        ...

    def write(self, fanout: Fanout, lines: Sequence[Line], *, now: datetime) -> int:
        """Write rows; one per address, whatever is repeated. Return how many were new."""
        ...

    def ready(self, fanout: Fanout) -> None:
        """All rows are written: sending may begin."""
        ...

    def totals(self, incident: str, number: int) -> Mapping[tuple[str, ChannelName], Totals]:
        """How many deliveries are in which state, by audience and channel."""
        ...

    def rows(self, incident: str, wanted: Filter) -> tuple[LedgerRow, ...]:
        """Rows of an incident by their id."""
        ...

    def retry(self, incident: str, number: int, *, now: datetime) -> int:
        """Plan again every rejected and unknown delivery; return how many."""
        ...

    def acknowledge(self, delivery: int, *, now: datetime) -> LedgerRow | None:
        """Record that a person has seen it, once; None where there is no such delivery."""
        ...


class Ledger(Protocol):
    """The ledger as the fan-out sees it; each call is a transaction of its own.

    Claims are fenced: only the owner's own claim is recorded, once, and only a lease that has
    run out may be claimed by another.
    """

    async def claim(
        self, *, channel: ChannelName, limit: int, owner: str, now: datetime, lease: timedelta
    ) -> Claim | None:
        """Take up to `limit` due deliveries of the most urgent ready fan-out; None: nothing due.

        What is due longest goes first. A delivery whose lease has run out was being sent by
        somebody who is gone. It is claimed again under the same key.
        """
        ...

    async def statement(self, fanout: Fanout) -> Statement:
        """What was approved for this fan-out."""
        ...

    async def record(
        self, claim: Claim, outcomes: Sequence[Outcome], *, now: datetime, again: Again
    ) -> int:
        """Record outcomes of a claim; return how many counted (fewer when fenced)."""
        ...

    async def next_due(self, channel: ChannelName) -> datetime | None:
        """When the next delivery of a ready fan-out is due or a lease runs out."""
        ...


class Again(Protocol):
    """Decides about a failed attempt: when it is tried again, or None for never."""

    def __call__(self, outcome: Outcome, attempt: int, now: datetime) -> datetime | None:
        """Return the moment of the next attempt."""
        ...


def delivery_key(fanout: Fanout, address: str) -> str:
    """Return the idempotency key of one delivery: the same in every attempt, on every machine."""
    digest = hashlib.sha256(address.casefold().encode()).hexdigest()[:24]
    return f"{fanout.incident}.{fanout.update}.{fanout.audience}.{fanout.channel}.{digest}".lower()
