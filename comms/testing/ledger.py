"""The ledger in memory: for tests of what stands on a ledger, with the semantics of the real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from comms.delivery import Delivery, DeliveryState, LedgerRow, Outcome
from comms.errors import NotFound
from comms.ledger import (
    Again,
    Claim,
    Fanout,
    FanoutState,
    Filter,
    Line,
    Totals,
    delivery_key,
)
from comms.plan.model import ChannelName
from comms.statement import Statement

FAILED = frozenset({DeliveryState.REJECTED, DeliveryState.UNKNOWN})
WAITING = frozenset({DeliveryState.PLANNED, DeliveryState.SENDING})


@dataclass(kw_only=True)
class _Row:
    """What the ledger keeps of one delivery beside its readable line."""

    fanout: int
    line: LedgerRow
    language: str
    owner: str = ""
    lease_until: datetime | None = None

    def claimable_at(self) -> datetime | None:
        """When somebody may take it: planned ones when due, sending ones when the lease ends."""
        if self.line.state is DeliveryState.PLANNED:
            return self.line.due_at
        return self.lease_until if self.line.state is DeliveryState.SENDING else None


@dataclass(kw_only=True)
class _Opened:
    fanout: Fanout
    update: int
    statement: Statement
    totals: Counter[DeliveryState] = field(default_factory=Counter)


class MemoryLedger:
    """Both faces of the ledger at once: `comms.ledger.Fanouts` and `comms.ledger.Ledger`."""

    def __init__(self) -> None:
        self._opened: dict[int, _Opened] = {}
        self._rows: dict[int, _Row] = {}

    # As an act sees it

    def open(self, *, update: int, statement: Statement, priority: int, now: datetime) -> Fanout:
        """Open the fan-out of a statement, with no rows yet; the same one if it is open."""
        wanted = (update, statement.audience, statement.channel)
        for opened in self._opened.values():
            if (opened.update, opened.fanout.audience, opened.fanout.channel) == wanted:
                return opened.fanout
        fanout = Fanout(
            id=len(self._opened) + 1,
            incident=statement.incident,
            update=statement.update,
            audience=statement.audience,
            channel=statement.channel,
            priority=priority,
            state=FanoutState.PLANNING,
            opened_at=now,
        )
        self._opened[fanout.id] = _Opened(fanout=fanout, update=update, statement=statement)
        return fanout

    def write(self, fanout: Fanout, lines: Sequence[Line], *, now: datetime) -> int:
        """Write rows; one per address, whatever is repeated. Return how many were new."""
        known = {row.line.address.casefold() for row in self._of(fanout.id)}
        before = len(self._rows)
        for line in lines:
            if line.address.casefold() in known:
                continue
            known.add(line.address.casefold())
            row = _new_row(len(self._rows) + 1, fanout, line, now)
            self._rows[row.line.id] = row
            self._opened[fanout.id].totals[row.line.state] += 1
        return len(self._rows) - before

    def ready(self, fanout: Fanout) -> None:
        """All rows are written: sending may begin."""
        self._set_state(fanout.id, FanoutState.READY)
        self._close_if_done(fanout.id)

    def totals(self, incident: str, number: int) -> Mapping[tuple[str, ChannelName], Totals]:
        """How many deliveries are in which state, by audience and channel."""
        return {
            (opened.fanout.audience, opened.fanout.channel): {
                state: opened.totals[state] for state in DeliveryState
            }
            for opened in self._opened.values()
            if (opened.fanout.incident, opened.fanout.update) == (incident, number)
        }

    def rows(self, incident: str, wanted: Filter) -> tuple[LedgerRow, ...]:
        """Rows of an incident by their id."""
        found = [
            row.line
            for row in self._rows.values()
            if self._opened[row.fanout].fanout.incident == incident and _matches(row.line, wanted)
        ]
        return tuple(found[: wanted.limit])

    def retry(self, incident: str, number: int, *, now: datetime) -> int:
        """Plan again every rejected and unknown delivery; return how many."""
        again = [
            row
            for row in self._rows.values()
            if (row_of := self._opened[row.fanout].fanout).incident == incident
            and row_of.update == number
            and row.line.state in FAILED
        ]
        for row in again:
            self._move(row, DeliveryState.PLANNED, attempts=0, due_at=now, finished_at=None)
            self._set_state(row.fanout, FanoutState.READY)
        return len(again)

    def acknowledge(self, delivery: int, *, now: datetime) -> LedgerRow | None:
        """Record that a person has seen it, once; None where there is no such delivery."""
        row = self._rows.get(delivery)
        if row is None:
            return None
        if row.line.acknowledged_at is None:
            row.line = replace(row.line, acknowledged_at=now)
        return row.line

    # As the fan-out sees it

    async def claim(
        self, *, channel: ChannelName, limit: int, owner: str, now: datetime, lease: timedelta
    ) -> Claim | None:
        """Take up to `limit` due deliveries of the most urgent ready fan-out."""
        for fanout in self._ready(channel):
            due = [
                (row.line.state is DeliveryState.SENDING, moment, row.line.id)
                for row in self._of(fanout.id)
                if (moment := row.claimable_at()) and moment <= now
            ]
            taken = [self._rows[number] for _, _, number in sorted(due)[:limit]]
            taken.sort(key=lambda row: (row.line.due_at, row.line.id))
            if taken:
                return Claim(
                    fanout=fanout,
                    owner=owner,
                    lease_until=now + lease,
                    deliveries=tuple(self._take(fanout, row, owner, now + lease) for row in taken),
                )
        return None

    async def statement(self, fanout: Fanout) -> Statement:
        """What was approved for this fan-out."""
        opened = self._opened.get(fanout.id)
        if opened is None:
            raise NotFound(f"{fanout.incident} has no statement for {fanout.audience}.")
        return opened.statement

    async def record(
        self, claim: Claim, outcomes: Sequence[Outcome], *, now: datetime, again: Again
    ) -> int:
        """Record outcomes of a claim; return how many counted (fewer when fenced)."""
        counted = 0
        for outcome in outcomes:
            row = self._rows.get(outcome.delivery)
            if row is None or not _is_held(row, claim):
                continue
            self._finish(row, outcome, now, again(outcome, row.line.attempts, now))
            counted += 1
        self._close_if_done(claim.fanout.id)
        return counted

    async def next_due(self, channel: ChannelName) -> datetime | None:
        """When the next delivery of a ready fan-out is due or a lease runs out."""
        moments = (
            row.claimable_at() for fanout in self._ready(channel) for row in self._of(fanout.id)
        )
        return min((moment for moment in moments if moment), default=None)

    def _of(self, fanout: int) -> list[_Row]:
        return [row for row in self._rows.values() if row.fanout == fanout]

    def _ready(self, channel: ChannelName) -> list[Fanout]:
        ready = [
            opened.fanout
            for opened in self._opened.values()
            if opened.fanout.channel is channel and opened.fanout.state is FanoutState.READY
        ]
        return sorted(ready, key=lambda fanout: (fanout.priority, fanout.id))

    def _take(self, fanout: Fanout, row: _Row, owner: str, until: datetime) -> Delivery:
        row.owner, row.lease_until = owner, until
        self._move(row, DeliveryState.SENDING, attempts=row.line.attempts + 1)
        return Delivery(
            id=row.line.id,
            key=delivery_key(fanout, row.line.address),
            address=row.line.address,
            name=row.line.name,
            language=row.language,
            attempt=row.line.attempts,
        )

    def _finish(self, row: _Row, outcome: Outcome, now: datetime, due: datetime | None) -> None:
        row.owner, row.lease_until = "", None
        self._move(
            row,
            DeliveryState.PLANNED if due else outcome.state,
            reason=outcome.reason,
            detail=outcome.detail[:300],
            provider_id=outcome.provider_id,
            due_at=due,
            finished_at=None if due else now,
        )

    def _move(self, row: _Row, to: DeliveryState, **changes: object) -> None:
        totals = self._opened[row.fanout].totals
        totals[row.line.state] -= 1
        totals[to] += 1
        row.line = replace(row.line, state=to, **changes)  # type: ignore[arg-type]

    def _set_state(self, fanout: int, state: FanoutState) -> None:
        opened = self._opened[fanout]
        opened.fanout = replace(opened.fanout, state=state)

    def _close_if_done(self, fanout: int) -> None:
        opened = self._opened[fanout]
        is_waiting = any(opened.totals[state] for state in WAITING)
        if opened.fanout.state is FanoutState.READY and not is_waiting:
            self._set_state(fanout, FanoutState.DONE)


def _new_row(number: int, fanout: Fanout, line: Line, now: datetime) -> _Row:
    state = DeliveryState.SUPPRESSED if line.suppressed else DeliveryState.PLANNED
    return _Row(
        fanout=fanout.id,
        language=line.language,
        line=LedgerRow(
            id=number,
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
            due_at=None if line.suppressed else now,
            finished_at=now if line.suppressed else None,
        ),
    )


def _matches(line: LedgerRow, wanted: Filter) -> bool:
    return (
        line.id > wanted.after
        and wanted.update in {None, line.update}
        and wanted.audience in {None, line.audience}
        and wanted.state in {None, line.state}
    )


def _is_held(row: _Row, claim: Claim) -> bool:
    """The fence: only the claim that holds the row now may say what became of it."""
    return (
        row.line.state is DeliveryState.SENDING
        and row.owner == claim.owner
        and row.lease_until == claim.lease_until
    )
