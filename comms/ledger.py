"""The ledger: the record of every delivery, committed before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple, Protocol

from comms.delivery import Delivery, DeliveryState, LedgerRow, Outcome, Reason
from comms.plan.model import ChannelName
from comms.recipient import Listed
from comms.statement import Statement

Totals = Mapping[DeliveryState, int]

SHARD = 500
"""Deliveries a shard: what one worker takes at a time, and what one engine job carries."""


LONGEST_LEASE = timedelta(minutes=10)
FURTHEST_LEASE = LONGEST_LEASE + timedelta(minutes=1)  # two never look at the clock at once
LATEST_RETRY = timedelta(hours=1)
"""A lease, or a retry, that seems to lie further ahead was written before the clock was set back:
it holds nothing up."""

REACHED = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN, DeliveryState.SENDING)
"""Whom an update has reached, or may have: a correction goes to them."""


class FanoutState(StrEnum):
    """planning (rows are being written) → ready; or cancelled."""

    PLANNING = "planning"
    READY = "ready"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Fanout:
    """One approved update to one audience by one channel.

    `priority` sorts fan-outs, smallest first: the severity's rank, then the audience's position.
    `written` is the number of the last person for whom a row was written, while planning.
    `corrects` is the number of the update that this one corrects: it goes to whom that reached.
    `trace` is the traceparent of the approval.
    """

    id: int
    incident: str
    update: int
    audience: str
    channel: ChannelName
    priority: int
    state: FanoutState
    opened_at: datetime
    written: int = 0
    corrects: int | None = None
    trace: str = ""

    @property
    def is_update(self) -> bool:
        """False for a bulletin: then `incident` is its key, and `update` 0."""
        return self.update > 0


class Line(NamedTuple):
    """A delivery to be written into the ledger: planned, or suppressed with its reason.

    What is `held_until` a moment (UTC) is planned, and sent once it is released.
    """

    address: str
    name: str = ""
    language: str = ""
    suppressed: Reason | None = None
    time_zone: str = ""
    held_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A shard that `owner` alone may send until `lease_until`.

    `token` is its fence: each claim of a shard has a higher one, and only the highest may write.
    `lost` are deliveries that an owner who is gone had begun: nobody knows what became of them.
    """

    shard: int
    fanout: Fanout
    owner: str
    token: int
    lease_until: datetime
    lost: tuple[Delivery, ...] = ()


class Settled(NamedTuple):
    """An outcome with what follows from it: tried again at `due_at` (UTC), or final (None).

    `counts` is False where it was no real attempt: held back, or sent to see whether a channel
    that has failed works again.
    """

    outcome: Outcome
    due_at: datetime | None = None
    counts: bool = True

    @property
    def state(self) -> DeliveryState:
        """The state in which the delivery is now."""
        return DeliveryState.PLANNED if self.due_at else self.outcome.state


@dataclass(frozen=True, kw_only=True)
class Advance:
    """How a claim goes on: the next deliveries, now in state sending.

    `kept` counts the outcomes that were recorded. Without deliveries the claim has ended: all is
    sent that is due, or the fence fell (`is_fenced`), or something more urgent waits
    (`is_overtaken`).
    """

    deliveries: tuple[Delivery, ...] = ()
    kept: int = 0
    is_fenced: bool = False
    is_overtaken: bool = False


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which rows to read; `after` is the id of the last row of the page before."""

    update: int | None = None
    audience: str | None = None
    state: DeliveryState | None = None
    after: int = 0
    limit: int = 100


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A fan-out, and how many of its deliveries are planned or under way."""

    fanout: Fanout
    deliveries: int


class Fanouts(Protocol):
    """The ledger as an act sees it, inside the act's own transaction."""

    def open(
        self,
        *,
        update: int | None,
        statement: Statement,
        priority: int,
        now: datetime,
        corrects: int | None = None,
    ) -> Fanout:
        """Open the fan-out of a statement, with no rows yet; the same one if it is open.

        `update` is the id of its update; None: it is a bulletin's.
        """
        ...

    def beside(self, fanout: Fanout) -> tuple[str, ...]:
        """The other audiences whose people the same update goes to one by one."""
        ...

    def told(self, fanout: Fanout, *, after: int, limit: int) -> Sequence[Listed]:
        """Whom the update that this fan-out corrects has reached, or may have, page by page.

        And those for whom it still waited when it was stopped.
        """
        ...

    def reached(self, fanout: Fanout, addresses: Sequence[str]) -> frozenset[str]:
        """Those of these addresses that an update of the same incident has reached, or may have,
        by the same channel in the same audience. Addresses as they stand in the ledger."""
        ...

    def planning(self, *, hold: bool = False) -> tuple[Fanout, ...]:
        """The fan-outs whose rows are not all written, most urgent first.

        `hold`: nobody else writes or cancels them until this transaction ends.
        """
        ...

    def write(
        self, fanout: Fanout, lines: Sequence[Line], *, now: datetime, written: int = 0
    ) -> int:
        """Write rows; one per address, whatever is repeated. Return how many were new.

        `written` is kept with the fan-out, so that planning goes on behind it after a crash.
        """
        ...

    def enlist(
        self, fanout: Fanout, people: Sequence[Listed], apart: Sequence[Line], *, now: datetime
    ) -> int:
        """Write a row for each of these people of the audience, in the order of their numbers.

        It is planned, and as the list has them, but for those whose address one of the lines in
        `apart` bears: theirs is that line. Planning goes on behind the last of them. Return how
        many rows were new.
        """
        ...

    def ready(self, fanout: Fanout) -> None:
        """All rows are written: sending may begin."""
        ...

    def totals(self, incident: str, number: int) -> Mapping[tuple[str, ChannelName], Totals]:
        """How many deliveries are in which state, by audience and channel."""
        ...

    def behind(self, number: int, *, audience: str, channel: ChannelName) -> tuple[Fanout, ...]:
        """The fan-outs of updates to an audience that were opened after that one, by number."""
        ...

    def row(self, delivery: int) -> LedgerRow | None:
        """One row by its id; None where there is no such delivery."""
        ...

    def last(self) -> int:
        """The number of the fan-out that was opened last; 0: there is none."""
        ...

    def rows(self, incident: str, wanted: Filter) -> tuple[LedgerRow, ...]:
        """Rows of an incident by their id."""
        ...

    def retry(self, incident: str, number: int, *, now: datetime) -> int:
        """Plan again every rejected and unknown delivery; return how many.

        Not those to which nothing is sent any more: it would only come back again.
        """
        ...

    def cancel(self, incident: str, number: int, *, now: datetime) -> int:
        """Cancel every delivery that nobody has begun to send; return how many."""
        ...

    def withhold(self, audience: str, addresses: Sequence[str], *, now: datetime) -> int:
        """Suppress what nobody has begun to mail to these addresses: they want nothing any more.

        Addresses as they stand in the ledger. Return how many deliveries that were.
        """
        ...

    def waiting(self, channel: ChannelName) -> tuple[Waiting, ...]:
        """The fan-outs of a channel with deliveries that are still to be sent."""
        ...

    def supersede(self, fanout: Fanout, *, now: datetime) -> int:
        """Cancel what nobody has begun to send: another channel takes it over; return how many."""
        ...

    def acknowledge(self, delivery: int, *, now: datetime) -> LedgerRow | None:
        """Record that a person has seen it, once; None where there is no such delivery."""
        ...


class Ledger(Protocol):
    """The ledger as the fan-out sees it; each call is a transaction of its own."""

    async def claim(
        self, *, channel: ChannelName, owner: str, now: datetime, lease: timedelta
    ) -> Claim | None:
        """Take the most urgent shard that has something due and that nobody holds.

        A shard whose lease has run out was held by somebody who is gone.
        """
        ...

    async def advance(
        self,
        claim: Claim,
        settled: Sequence[Settled],
        *,
        take: int,
        now: datetime,
        lease: timedelta,
        put_off: datetime | None = None,
    ) -> Advance:
        """Record what became of deliveries and take up to `take` more, in one transaction.

        It renews the lease. Where nothing is taken (none is left, `take` is 0, something more
        urgent waits) it gives the shard back, to be claimed no sooner than at `put_off`. A claim
        that was fenced records nothing.
        """
        ...

    async def renew(self, claim: Claim, *, now: datetime, lease: timedelta) -> None:
        """Hold the shard for longer: a send takes its time. Nothing for a claim that was fenced."""
        ...

    async def statement(self, fanout: Fanout) -> Statement:
        """What was approved for this fan-out."""
        ...

    async def next_due(self, channel: ChannelName) -> datetime | None:
        """When the next shard is due, or the lease of one runs out."""
        ...


def key_of(fanout: Fanout | LedgerRow, address: str) -> str:
    """Return the idempotency key of one delivery: the same in every attempt, on every machine."""
    return keys_of(fanout)(address)


def keys_of(fanout: Fanout | LedgerRow) -> Callable[[str], str]:
    """Return what makes the keys of a fan-out's deliveries from their addresses."""
    family = f"{fanout.incident}.{fanout.update}.{fanout.audience}.{fanout.channel}".lower()

    def key(address: str) -> str:
        return f"{family}.{blake2b(address.casefold().encode(), digest_size=12).hexdigest()}"

    return key
