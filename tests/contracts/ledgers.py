"""One bench for every ledger, so that the same cases run on all of them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from comms.delivery import Delivery, DeliveryState, LedgerRow, Outcome
from comms.incident import Severity, Status
from comms.ledger import Advance, Claim, Fanout, Fanouts, Filter, Ledger, Line, Settled
from comms.plan.model import ChannelName
from comms.recipient import Listed, Recipient
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

    async def invited(self, audience: str, people: Sequence[Recipient]) -> Sequence[Listed]:
        """Make these the people of an audience; return them as they are listed."""
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

    async def invited(self, audience: str, people: Sequence[Recipient]) -> Sequence[Listed]:
        return [
            Listed(number, person.email, person.name, person.language, "", person.time_zone)
            for number, person in enumerate(people, 1)
        ]

    async def approved(self, statement: Statement) -> int:
        return next(self._ids)


class SqlShelf:
    """The real one, on whatever database it is given."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ledger: Ledger = SqlLedger(database)

    async def act(self, work: Callable[[Fanouts], T]) -> T:
        return await self._database.write(lambda session: work(SqlBook(session).fanouts))

    async def invited(self, audience: str, people: Sequence[Recipient]) -> Sequence[Listed]:
        def invite(book: SqlBook) -> Sequence[Listed]:
            count = book.recipients.replace(audience, people)
            return book.recipients.page(audience, after=0, limit=count)

        return await self._database.write(lambda session: invite(SqlBook(session)))

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
        self._updates: dict[int, int] = {}

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
        await self.ready(fanout)
        return fanout

    async def opened(
        self,
        *,
        priority: int = 100,
        channel: ChannelName = ChannelName.MAIL,
        audience: str = "executives",
        number: int | None = None,
        corrects: int | None = None,
    ) -> Fanout:
        """Open a fan-out of a new update (or that number's), with no rows yet."""
        statement = Statement(
            incident="INC-1",
            update=number or len(self._updates) + 1,
            audience=audience,
            channel=channel,
            subject="Card payments",
            parts={PLAIN: "They fail."},
            thread="INC-1:executives",
        )
        if statement.update not in self._updates:
            self._updates[statement.update] = await self.shelf.approved(statement)
        update = self._updates[statement.update]
        return await self.shelf.act(
            lambda fanouts: fanouts.open(
                update=update,
                statement=statement,
                priority=priority,
                now=self.clock.now(),
                corrects=corrects,
            )
        )

    async def written(self, fanout: Fanout, *addresses: str | Line, up_to: int = 0) -> int:
        """Write rows for addresses or whole lines; return how many were new."""
        lines = [Line(address=a) if isinstance(a, str) else a for a in addresses]
        return await self.shelf.act(
            lambda fanouts: fanouts.write(fanout, lines, now=self.clock.now(), written=up_to)
        )

    async def enlisted(self, fanout: Fanout, people: Sequence[Listed], *apart: Line) -> int:
        """Write rows for people of the audience; return how many were new."""
        return await self.shelf.act(
            lambda fanouts: fanouts.enlist(fanout, people, apart, now=self.clock.now())
        )

    async def ready(self, fanout: Fanout) -> None:
        """All rows are written."""
        await self.shelf.act(lambda fanouts: fanouts.ready(fanout))

    async def planning(self) -> tuple[Fanout, ...]:
        """What is still being written."""
        return await self.shelf.act(lambda fanouts: fanouts.planning())

    async def retry(self, fanout: Fanout) -> int:
        """Plan again what failed of an update."""
        return await self.shelf.act(
            lambda f: f.retry(fanout.incident, fanout.update, now=self.clock.now())
        )

    async def cancel(self, fanout: Fanout) -> int:
        """Cancel what is left of an update."""
        return await self.shelf.act(
            lambda f: f.cancel(fanout.incident, fanout.update, now=self.clock.now())
        )

    async def claim(
        self, *, owner: str = "worker-1", channel: ChannelName = ChannelName.MAIL
    ) -> Claim | None:
        """Claim as a worker does."""
        return await self.ledger.claim(
            channel=channel, owner=owner, now=self.clock.now(), lease=LEASE
        )

    async def claimed(self, **how: object) -> Claim:
        """Claim where there must be something to claim."""
        claim = await self.claim(**how)  # type: ignore[arg-type]
        assert claim is not None
        return claim

    async def advance(
        self,
        claim: Claim,
        *settled: Settled,
        take: int = 100,
        put_off: datetime | None = None,
    ) -> Advance:
        """Record and take as a worker does."""
        return await self.ledger.advance(
            claim, settled, take=take, now=self.clock.now(), lease=LEASE, put_off=put_off
        )

    async def renew(self, claim: Claim) -> None:
        """Hold the shard for longer."""
        await self.ledger.renew(claim, now=self.clock.now(), lease=LEASE)

    async def begun(self, *, take: int = 100, **how: object) -> tuple[Claim, Advance]:
        """Claim a shard and take its first deliveries."""
        claim = await self.claimed(**how)
        return claim, await self.advance(claim, take=take)

    async def delivered(
        self,
        state: DeliveryState = DeliveryState.ACCEPTED,
        *,
        take: int = 100,
        due_at: datetime | None = None,
        owner: str = "worker-1",
    ) -> list[Delivery]:
        """Deliver all that is due, each with this outcome; return them in order."""
        done: list[Delivery] = []
        for _ in range(1000):
            claim = await self.claim(owner=owner)
            if claim is None:
                return done
            lost = outcomes(claim.lost, DeliveryState.UNKNOWN)
            step = await self.advance(claim, *lost, take=take)
            while step.deliveries:
                done += step.deliveries
                settled = outcomes(step.deliveries, state, due_at=due_at)
                step = await self.advance(claim, *settled, take=take)
        raise AssertionError("there is always something to claim")

    async def rows(self, **wanted: object) -> tuple[LedgerRow, ...]:
        """Rows as people read them."""
        return await self.shelf.act(
            lambda fanouts: fanouts.rows("INC-1", Filter(**wanted))  # type: ignore[arg-type]
        )

    async def one_row(self) -> LedgerRow:
        """The only row."""
        [row] = await self.rows()
        return row

    async def states(self, fanout: Fanout) -> dict[str, DeliveryState]:
        """The state of each address of a fan-out."""
        rows = await self.rows(update=fanout.update, limit=9999)
        return {row.address: row.state for row in rows}

    async def totals(self, fanout: Fanout) -> Counter[DeliveryState]:
        """The running totals of a fan-out; checked against a count of its rows."""
        kept = await self.shelf.act(lambda fanouts: fanouts.totals(fanout.incident, fanout.update))
        totals = Counter(kept[fanout.audience, fanout.channel])
        assert +totals == Counter((await self.states(fanout)).values())
        return +totals

    async def next_due(self, channel: ChannelName = ChannelName.MAIL) -> datetime | None:
        """When a worker has to look again."""
        return await self.ledger.next_due(channel)


def outcomes(
    deliveries: Iterable[Delivery],
    state: DeliveryState,
    *,
    due_at: datetime | None = None,
    **details: object,
) -> list[Settled]:
    """Return the same outcome for every delivery; `due_at`: it is tried again then."""
    return [
        Settled(
            outcome=Outcome(delivery=delivery.id, state=state, **details),  # type: ignore[arg-type]
            due_at=due_at,
        )
        for delivery in deliveries
    ]


def addresses(deliveries: Iterable[Delivery]) -> list[str]:
    """Return whom deliveries are for, in their order."""
    return [delivery.address for delivery in deliveries]


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
        severity=Severity.SEV2,
        audiences=(statement.audience,),
        promises={},
        hash="",
        drafted_by=ADA,
        drafted_at=now,
        approved_at=now,
    )
