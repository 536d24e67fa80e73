"""A shard of the ledger in memory, and its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from comms.clock import SINCE_EVER
from comms.delivery import Delivery, DeliveryState, LedgerRow
from comms.ledger import FURTHEST_LEASE, LATEST_RETRY, Fanout, Filter, Line, Settled, key_of
from comms.plan.model import ChannelName


@dataclass(kw_only=True)
class Row:
    """What the ledger keeps of one delivery beside its readable line."""

    line: LedgerRow
    language: str
    time_zone: str

    def as_sent(self, fanout: Fanout) -> Delivery:
        """The row as a transport is given it."""
        return Delivery(
            id=self.line.id,
            key=key_of(fanout, self.line.address),
            address=self.line.address,
            name=self.line.name,
            language=self.language,
            time_zone=self.time_zone,
            attempt=self.line.attempts,
        )

    def as_read(self) -> LedgerRow:
        """The line as people read it: due since its fan-out was opened, or later."""
        due = self.line.due_at and max(self.line.due_at, self.line.planned_at)
        return replace(self.line, due_at=due)

    def move(self, to: DeliveryState, **changes: object) -> None:
        """Change its state, and what changes with it."""
        self.line = replace(self.line, state=to, **changes)  # type: ignore[arg-type]


@dataclass(kw_only=True)
class Shard:
    """Up to SHARD rows of one fan-out; `due_at` None: nothing in it is to be sent."""

    id: int
    fanout: int
    rows: dict[int, Row] = field(default_factory=dict)
    due_at: datetime | None = None
    token: int = 0
    lease_until: datetime | None = None

    def free_at(self) -> datetime | None:
        """When somebody may claim it: due, and any lease over."""
        if self.due_at is None or self.lease_until is None:
            return self.due_at
        return max(self.due_at, self.lease_until)

    def is_free(self, now: datetime) -> bool:
        """True where somebody may claim it now."""
        if self.due_at is None or not _has_come(self.due_at, now, LATEST_RETRY):
            return False
        return self.lease_until is None or _has_come(self.lease_until, now, FURTHEST_LEASE)

    def in_state(self, *states: DeliveryState) -> list[Row]:
        """Its rows in these states by their id."""
        return [row for row in self.rows.values() if row.line.state in states]

    def first_due(self, *states: DeliveryState) -> datetime | None:
        """When the first of its rows in these states is due."""
        moments = (row.line.due_at for row in self.in_state(*states))
        return min((moment for moment in moments if moment), default=None)

    def finish(self, settled: Settled, now: datetime) -> bool:
        """Record an outcome; False where that delivery was not under way in this shard."""
        row = self.rows.get(settled.outcome.delivery)
        if row is None or row.line.state is not DeliveryState.SENDING:
            return False
        row.move(
            settled.state,
            reason=settled.outcome.reason,
            detail=settled.outcome.detail[:300],
            provider_id=settled.outcome.provider_id,
            due_at=settled.due_at,
            finished_at=None if settled.due_at else now,
            attempts=row.line.attempts - (0 if settled.counts else 1),
        )
        return True

    def take(self, limit: int, now: datetime) -> list[Row]:
        """Take up to `limit` rows that are due, in their order: they are under way now."""
        waiting = self.in_state(DeliveryState.PLANNED)
        due = [
            (row.line.due_at, row)
            for row in waiting
            if row.line.due_at and _has_come(row.line.due_at, now, LATEST_RETRY)
        ]
        due.sort(key=lambda one: (one[0], one[1].line.id))
        taken = [row for _, row in due[:limit]]
        for row in taken:
            row.move(DeliveryState.SENDING, attempts=row.line.attempts + 1)
        return taken


def _has_come(moment: datetime, now: datetime, furthest: timedelta) -> bool:
    """True also for what lies further ahead than it may: the clock was set back."""
    return moment <= now or moment > now + furthest


def new_row(number: int, fanout: Fanout, line: Line, now: datetime) -> Row:
    """Return a line as the ledger begins it: planned, or suppressed."""
    state = DeliveryState.SUPPRESSED if line.suppressed else DeliveryState.PLANNED
    return Row(
        language=line.language,
        time_zone=line.time_zone,
        line=LedgerRow(
            id=number,
            incident=fanout.incident,
            update=fanout.update,
            audience=fanout.audience,
            channel=fanout.channel,
            address=line.address,
            name=line.name,
            state=state,
            reason=line.suppressed,
            detail="",
            attempts=0,
            provider_id="",
            planned_at=fanout.opened_at,
            due_at=None if line.suppressed or line.held_until else SINCE_EVER,
            finished_at=now if line.suppressed else None,
        ),
    )


def once(lines: Iterable[Line]) -> Iterable[Line]:
    """Return the lines by their address; of a repeated one the first."""
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.address.casefold(), line)
    return first.values()


def place(fanout: Fanout) -> tuple[str, str, ChannelName]:
    """Return the incident, the audience and the channel."""
    return fanout.incident, fanout.audience, fanout.channel


def matches(line: LedgerRow, wanted: Filter) -> bool:
    """True where a row is wanted."""
    return (
        line.id > wanted.after
        and wanted.update in {None, line.update}
        and wanted.audience in {None, line.audience}
        and wanted.state in {None, line.state}
    )
