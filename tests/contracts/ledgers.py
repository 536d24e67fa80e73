"""One bench for every ledger, so that the same cases run on all of them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol, TypeVar

from comms.delivery import DeliveryState, Outcome
from comms.incident import Status
from comms.ledger import Claim, Fanout, Fanouts, Filter, Ledger, Line
from comms.plan.model import ChannelName
from comms.statement import PLAIN, Statement
from comms.testing import HeldClock, MemoryLedger
from comms.update import Kind, Update, UpdateState
from storage.book import SqlBook
from storage.database import Database
from storage.ledger import SqlLedger
from tests.house import ADA, REPORT

T = TypeVar("T")

LEASE = timedelta(minutes=2)


class Shelf(Protocol):
    """A ledger of some kind, and how to open its acting face."""

    ledger: Ledger

    async def act(self, work: Callable[[Fanouts], T]) -> T:
        """Run `work` in one transaction."""
        ...

    async def approved(self, statement: Statement) -> int:
        """Keep an update with this statement; return the update's id."""
        ...


class MemoryShelf:
    """The fake."""

    def __init__(self) -> None:
        self._memory = MemoryLedger()
        self._ids = itertools.count(1)
        self.ledger: Ledger = self._memory

    async def act(self, work: Callable[[Fanouts], T]) -> T:
        return work(self._memory)

    async def approved(self, statement: Statement) -> int:
        return next(self._ids)


class SqlShelf:
    """The real one, on whatever database it is given."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ledger: Ledger = SqlLedger(database)

    async def act(self, work: Callable[[Fanouts], T]) -> T:
        return await self._database.write(lambda session: work(SqlBook(session).fanouts))

    async def approved(self, statement: Statement) -> int:
        def keep(book: SqlBook) -> int:
            update = book.updates.save(_update(statement))
            book.updates.keep_statements(update, [statement])
            return update.id

        return await self._database.write(lambda session: keep(SqlBook(session)))


class LedgerBench:
    """Short words for what the cases do with a ledger."""

    def __init__(self, shelf: Shelf, clock: HeldClock) -> None:
        self.shelf = shelf
        self.ledger = shelf.ledger
        self.clock = clock
        self._numbers = itertools.count(1)

    async def planned(
        self,
        *addresses: str | Line,
        priority: int = 100,
        channel: ChannelName = ChannelName.MAIL,
        audience: str = "executives",
    ) -> Fanout:
        """Open a fan-out of a new update, write its rows and make it ready."""
        fanout = await self.opened(priority=priority, channel=channel, audience=audience)
        await self.written(fanout, *addresses)
        await self.shelf.act(lambda fanouts: fanouts.ready(fanout))
        return fanout

    async def opened(
        self,
        *,
        priority: int = 100,
        channel: ChannelName = ChannelName.MAIL,
        audience: str = "executives",
    ) -> Fanout:
        """Open the fan-out of a new update, with no rows yet."""
        statement = Statement(
            incident="INC-1",
            update=next(self._numbers),
            audience=audience,
            channel=channel,
            subject="Card payments",
            parts={PLAIN: "They fail."},
            thread="INC-1:executives",
        )
        update = await self.shelf.approved(statement)
        return await self.shelf.act(
            lambda fanouts: fanouts.open(
                update=update, statement=statement, priority=priority, now=self.clock.now()
            )
        )

    async def written(self, fanout: Fanout, *addresses: str | Line) -> int:
        """Write rows for addresses or whole lines; return how many were new."""
        lines = [Line(address=a) if isinstance(a, str) else a for a in addresses]
        return await self.shelf.act(
            lambda fanouts: fanouts.write(fanout, lines, now=self.clock.now())
        )

    async def claim(
        self,
        *,
        limit: int = 100,
        owner: str = "worker-1",
        channel: ChannelName = ChannelName.MAIL,
    ) -> Claim | None:
        """Claim as a worker does."""
        return await self.ledger.claim(
            channel=channel, limit=limit, owner=owner, now=self.clock.now(), lease=LEASE
        )

    async def claimed(self, **how: object) -> Claim:
        """Claim where there must be something to claim."""
        claim = await self.claim(**how)  # type: ignore[arg-type]
        assert claim is not None
        return claim

    async def record(self, claim: Claim, *outcomes: Outcome, again: timedelta | None = None) -> int:
        """Record outcomes; a failed one is tried again after `again`."""
        now = self.clock.now()
        return await self.ledger.record(
            claim,
            outcomes,
            now=now,
            again=lambda outcome, _attempt, now: (
                now + again if again and outcome.state is not DeliveryState.ACCEPTED else None
            ),
        )

    async def states(self, fanout: Fanout) -> dict[str, DeliveryState]:
        """The state of each address of a fan-out."""
        rows = await self.shelf.act(
            lambda fanouts: fanouts.rows(fanout.incident, Filter(update=fanout.update, limit=9999))
        )
        return {row.address: row.state for row in rows}

    async def totals(self, fanout: Fanout) -> Counter[DeliveryState]:
        """The running totals of a fan-out; checked against a count of its rows."""
        kept = await self.shelf.act(lambda fanouts: fanouts.totals(fanout.incident, fanout.update))
        totals = Counter(kept[fanout.audience, fanout.channel])
        assert +totals == Counter((await self.states(fanout)).values())
        return +totals


def outcomes(claim: Claim, state: DeliveryState, **details: object) -> list[Outcome]:
    """Return the same outcome for every delivery of a claim."""
    return [
        Outcome(delivery=delivery.id, state=state, **details)  # type: ignore[arg-type]
        for delivery in claim.deliveries
    ]


def addresses(claim: Claim | None) -> list[str]:
    """Return whom a claim is for, in its order."""
    return [delivery.address for delivery in claim.deliveries] if claim else []


def _update(statement: Statement) -> Update:
    now = HeldClock().now()
    return Update(
        id=0,
        incident=statement.incident,
        number=statement.update,
        kind=Kind.UPDATE,
        state=UpdateState.APPROVED,
        report=REPORT,
        status=Status.INVESTIGATING,
        audiences=(statement.audience,),
        promises={},
        hash="",
        drafted_by=ADA,
        drafted_at=now,
        approved_at=now,
    )
