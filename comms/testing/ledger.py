"""The ledger in memory: for tests of what stands on a ledger, with the semantics of the real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from comms.clock import SINCE_EVER
from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.errors import NotFound
from comms.ledger import (
    LATEST_RETRY,
    REACHED,
    SHARD,
    Advance,
    Claim,
    Fanout,
    FanoutState,
    Filter,
    Line,
    Settled,
    Totals,
    Waiting,
)
from comms.plan.model import ChannelName
from comms.recipient import Listed
from comms.statement import Statement
from comms.testing.shard import Row, Shard, matches, new_row, once, place
from comms.trace import here

FAILED = frozenset({DeliveryState.REJECTED, DeliveryState.UNKNOWN})
OPEN = frozenset({DeliveryState.PLANNED, DeliveryState.SENDING})


@dataclass(kw_only=True)
class _Opened:
    fanout: Fanout
    update: int | None
    statement: Statement


class MemoryLedger:
    """Both faces of the ledger at once: `comms.ledger.Fanouts` and `comms.ledger.Ledger`."""

    def __init__(self) -> None:
        self._opened: dict[int, _Opened] = {}
        self._shards: dict[int, Shard] = {}
        self._rows: dict[int, Row] = {}

    # As an act sees it

    def open(
        self,
        *,
        update: int | None,
        statement: Statement,
        priority: int,
        now: datetime,
        corrects: int | None = None,
    ) -> Fanout:
        """Open the fan-out of a statement, with no rows yet; the same one if it is open."""
        wanted = (update or statement.incident, statement.audience, statement.channel)
        for opened in self._opened.values():
            if (
                opened.update or opened.fanout.incident,
                opened.fanout.audience,
                opened.fanout.channel,
            ) == wanted:
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
            corrects=corrects,
            trace=here(),
        )
        self._opened[fanout.id] = _Opened(fanout=fanout, update=update, statement=statement)
        return fanout

    def beside(self, fanout: Fanout) -> tuple[str, ...]:
        """The other audiences whose people the same update goes to one by one."""
        told = self._told(fanout.incident, fanout.update)
        others = (other.audience for other in told if other.channel.is_personal)
        return tuple(dict.fromkeys(other for other in others if other != fanout.audience))

    def told(self, fanout: Fanout, *, after: int, limit: int) -> Sequence[Listed]:
        """Whom the update that this fan-out corrects has reached, or may have, page by page."""
        rows = (
            row
            for wrong in self._told(fanout.incident, fanout.corrects or 0)
            if (wrong.audience, wrong.channel) == (fanout.audience, fanout.channel)
            for shard in self._of(wrong.id)
            for row in shard.in_state(*REACHED)
            if row.line.id > after
        )
        found = sorted(rows, key=lambda row: row.line.id)[:limit]
        return [
            Listed(r.line.id, r.line.address, r.line.name, r.language, "", r.time_zone)
            for r in found
        ]

    def reached(self, fanout: Fanout, addresses: Sequence[str]) -> frozenset[str]:
        """Those of these addresses that an update of the same incident has reached."""
        wanted = place(fanout)
        rows = (
            row.line.address
            for shard in self._shards.values()
            if place(self._opened[shard.fanout].fanout) == wanted
            for row in shard.in_state(*REACHED)
        )
        return frozenset(rows) & frozenset(addresses)

    def planning(self, *, hold: bool = False) -> tuple[Fanout, ...]:
        """The fan-outs whose rows are not all written, most urgent first."""
        fanouts = (opened.fanout for opened in self._opened.values())
        waiting = [fanout for fanout in fanouts if fanout.state is FanoutState.PLANNING]
        return tuple(sorted(waiting, key=lambda fanout: (fanout.priority, fanout.id)))

    def write(
        self, fanout: Fanout, lines: Sequence[Line], *, now: datetime, written: int = 0
    ) -> int:
        """Write rows; one per address, whatever is repeated. Return how many were new."""
        before = len(self._rows)
        known = {row.line.address for shard in self._of(fanout.id) for row in shard.rows.values()}
        for line in once(lines):
            if line.address not in known:
                self._add(fanout, line, now)
        self._change(fanout.id, written=written)
        return len(self._rows) - before

    def enlist(
        self, fanout: Fanout, people: Sequence[Listed], apart: Sequence[Line], *, now: datetime
    ) -> int:
        """Write a row for each of these people of the audience; return how many were new."""
        if not people:
            return 0
        told = {line.address: line for line in apart}
        plain = (Line(p.email, p.name, p.language, None, p.time_zone) for p in people)
        lines = [told.get(line.address, line) for line in plain]
        return self.write(fanout, lines, now=now, written=people[-1].number)

    def ready(self, fanout: Fanout) -> None:
        """All rows are written: sending may begin."""
        if self._opened[fanout.id].fanout.state is not FanoutState.PLANNING:
            return
        self._change(fanout.id, state=FanoutState.READY)
        for shard in self._of(fanout.id):
            if shard.in_state(DeliveryState.PLANNED):
                shard.due_at = SINCE_EVER

    def totals(self, incident: str, number: int) -> Mapping[tuple[str, ChannelName], Totals]:
        """How many deliveries are in which state, by audience and channel."""
        found: dict[tuple[str, ChannelName], Totals] = {}
        for fanout in self._told(incident, number):
            rows = (row for shard in self._of(fanout.id) for row in shard.rows.values())
            counted = Counter(row.line.state for row in rows)
            found[fanout.audience, fanout.channel] = {s: counted[s] for s in DeliveryState}
        return found

    def rows(self, incident: str, wanted: Filter) -> tuple[LedgerRow, ...]:
        """Rows of an incident by their id."""
        of_incident = {
            number
            for shard in self._shards.values()
            if self._opened[shard.fanout].fanout.incident == incident
            for number in shard.rows
        }
        found = [
            row.as_read()
            for number, row in self._rows.items()
            if number in of_incident and matches(row.line, wanted)
        ]
        return tuple(found[: wanted.limit])

    def behind(self, number: int, *, audience: str, channel: ChannelName) -> tuple[Fanout, ...]:
        """The fan-outs of updates to an audience that were opened after that one, by number."""
        fanouts = (opened.fanout for opened in self._opened.values() if opened.update)
        return tuple(
            fanout
            for fanout in fanouts
            if fanout.id > number
            and place(fanout)[1:] == (audience, channel)
            and fanout.state is not FanoutState.CANCELLED
        )

    def row(self, delivery: int) -> LedgerRow | None:
        """One row by its id; None where there is no such delivery."""
        row = self._rows.get(delivery)
        return row.as_read() if row else None

    def last(self) -> int:
        """The number of the fan-out that was opened last; 0: there is none."""
        return len(self._opened)

    def retry(self, incident: str, number: int, *, now: datetime) -> int:
        """Plan again every rejected and unknown delivery; return how many."""
        return self._move(
            self._told(incident, number),
            FAILED,
            DeliveryState.PLANNED,
            due_at=SINCE_EVER,
            finished_at=None,
            attempts=0,
        )

    def cancel(self, incident: str, number: int, *, now: datetime) -> int:
        """Cancel every delivery that nobody has begun to send; return how many."""
        for fanout in self._told(incident, number):
            if fanout.state is FanoutState.PLANNING:
                self._change(fanout.id, state=FanoutState.CANCELLED)
        waiting = frozenset({DeliveryState.PLANNED})
        told = self._told(incident, number)
        return self._move(told, waiting, DeliveryState.CANCELLED, due_at=None, finished_at=now)

    def withhold(self, audience: str, addresses: Sequence[str], *, now: datetime) -> int:
        """Suppress what nobody has begun to mail to these addresses."""
        fanouts = [opened.fanout for opened in self._opened.values()]
        return self._move(
            [f for f in fanouts if f.audience == audience and f.channel.is_personal],
            frozenset({DeliveryState.PLANNED}),
            DeliveryState.SUPPRESSED,
            only=frozenset(addresses),
            due_at=None,
            finished_at=now,
            reason=Reason.UNSUBSCRIBED,
        )

    def waiting(self, channel: ChannelName) -> tuple[Waiting, ...]:
        """The fan-outs of a channel with deliveries that are still to be sent."""
        left = Counter[int]()
        for shard in self._on(channel):
            if shard.due_at:
                left[shard.fanout] += len(shard.in_state(*OPEN))
        fanouts = [self._opened[fanout].fanout for fanout in left if left[fanout]]
        fanouts.sort(key=lambda fanout: (fanout.priority, fanout.id))
        return tuple(Waiting(fanout=f, deliveries=left[f.id]) for f in fanouts)

    def supersede(self, fanout: Fanout, *, now: datetime) -> int:
        """Cancel what nobody has begun to send: another channel takes it over; return how many."""
        return self._move(
            [fanout],
            frozenset({DeliveryState.PLANNED}),
            DeliveryState.CANCELLED,
            due_at=None,
            finished_at=now,
            reason=Reason.SUPERSEDED,
        )

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
        self, *, channel: ChannelName, owner: str, now: datetime, lease: timedelta
    ) -> Claim | None:
        """Take the most urgent shard that has something due and that nobody holds."""
        shard = next(self._free(channel, now), None)
        if shard is None:
            return None
        shard.token += 1
        shard.lease_until = now + lease
        fanout = self._opened[shard.fanout].fanout
        lost = shard.in_state(DeliveryState.SENDING)
        return Claim(
            shard=shard.id,
            fanout=fanout,
            owner=owner,
            token=shard.token,
            lease_until=shard.lease_until,
            lost=tuple(row.as_sent(fanout) for row in lost),
        )

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
        """Record what became of deliveries and take up to `take` more, at once."""
        shard = self._shards[claim.shard]
        if shard.token != claim.token:
            return Advance(is_fenced=True)
        shard.lease_until = now + lease
        kept = sum(shard.finish(one, now) for one in settled)
        overtaken = bool(take) and self._is_overtaken(claim, now)
        taken = [] if overtaken else shard.take(take, now)
        if not taken:
            shard.lease_until = None
            shard.due_at = shard.first_due(*OPEN)
            if shard.due_at and put_off:
                shard.due_at = max(shard.due_at, min(put_off, now + LATEST_RETRY))
        return Advance(
            deliveries=tuple(row.as_sent(claim.fanout) for row in taken),
            kept=kept,
            is_overtaken=overtaken,
        )

    async def renew(self, claim: Claim, *, now: datetime, lease: timedelta) -> None:
        """Hold the shard for longer: a send takes its time. Nothing for a claim that was fenced."""
        shard = self._shards[claim.shard]
        if shard.token == claim.token and shard.lease_until is not None:
            shard.lease_until = now + lease

    async def statement(self, fanout: Fanout) -> Statement:
        """What was approved for this fan-out."""
        opened = self._opened.get(fanout.id)
        if opened is None:
            raise NotFound(f"{fanout.incident} has no statement for {fanout.audience}.")
        return opened.statement

    async def next_due(self, channel: ChannelName) -> datetime | None:
        """When the next shard is due, or the lease of one runs out."""
        moments = (shard.free_at() for shard in self._on(channel))
        return min((moment for moment in moments if moment), default=None)

    def _of(self, fanout: int) -> list[Shard]:
        return [shard for shard in self._shards.values() if shard.fanout == fanout]

    def _on(self, channel: ChannelName) -> list[Shard]:
        shards = self._shards.values()
        return [s for s in shards if self._opened[s.fanout].fanout.channel is channel]

    def _told(self, incident: str, number: int) -> list[Fanout]:
        fanouts = [opened.fanout for opened in self._opened.values()]
        return [f for f in fanouts if (f.incident, f.update) == (incident, number)]

    def _change(self, fanout: int, **changes: object) -> None:
        opened = self._opened[fanout]
        opened.fanout = replace(opened.fanout, **changes)  # type: ignore[arg-type]

    def _add(self, fanout: Fanout, line: Line, now: datetime) -> None:
        shard = next(reversed(self._of(fanout.id)), None)
        if shard is None or len(shard.rows) >= SHARD:
            shard = Shard(id=len(self._shards) + 1, fanout=fanout.id)
            self._shards[shard.id] = shard
        row = new_row(len(self._rows) + 1, fanout, line, now)
        self._rows[row.line.id] = shard.rows[row.line.id] = row

    def _move(
        self,
        fanouts: Iterable[Fanout],
        states: Iterable[DeliveryState],
        to: DeliveryState,
        *,
        only: frozenset[str] | None = None,
        **changes: object,
    ) -> int:
        moved = 0
        for fanout in fanouts:
            for shard in self._of(fanout.id):
                rows = shard.in_state(*states)
                if only is not None:
                    rows = [row for row in rows if row.line.address in only]
                for row in rows:
                    row.move(to, **changes)
                if rows and fanout.state is FanoutState.READY:
                    shard.due_at = shard.first_due(*OPEN)
                moved += len(rows)
        return moved

    def _free(self, channel: ChannelName, now: datetime) -> Iterator[Shard]:
        """Shards that may be claimed, most urgent first."""
        shards = self._on(channel)
        shards.sort(key=lambda shard: (self._opened[shard.fanout].fanout.priority, shard.id))
        return (shard for shard in shards if shard.is_free(now))

    def _is_overtaken(self, claim: Claim, now: datetime) -> bool:
        shard = next(self._free(claim.fanout.channel, now), None)
        return (
            shard is not None and self._opened[shard.fanout].fanout.priority < claim.fanout.priority
        )
