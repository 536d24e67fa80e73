"""Short words for what the tests of the fan-out do, on a ledger in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from comms.bell import Bell
from comms.delivery import Delivery, DeliveryState, Outcome
from comms.fanout import Runner, Slots
from comms.ledger import Claim, Fanout, Filter, Line, Settled
from comms.plan.model import ChannelName
from comms.routes import Routes, only
from comms.statement import PLAIN, Statement
from comms.testing import HeldClock, MemoryLedger
from comms.testing.transport import accept

STATEMENT = Statement(
    incident="INC-1",
    update=1,
    audience="executives",
    channel=ChannelName.MAIL,
    subject="Card payments",
    parts={PLAIN: "They fail."},
    thread="INC-1:executives",
)


def runner(
    ledger: MemoryLedger,
    transport: object,
    clock: HeldClock,
    bell: Bell | None = None,
    **how: object,
) -> Runner:
    return Runner(
        channel=ChannelName.MAIL,
        routes=transport if isinstance(transport, Routes) else only(transport),  # type: ignore[arg-type]
        ledger=ledger,
        clock=clock,
        bell=bell or Bell(),
        owner="worker-1",
        slots=Slots(lanes=2, batch=3),
        **how,  # type: ignore[arg-type]
    )


def plan(
    ledger: MemoryLedger, clock: HeldClock, *addresses: str, update: int = 1, priority: int = 100
) -> Fanout:
    fanout = ledger.open(
        update=update,
        statement=replace(STATEMENT, update=update),
        priority=priority,
        now=clock.now(),
    )
    ledger.write(fanout, [Line(address=address) for address in addresses], now=clock.now())
    ledger.ready(fanout)
    return fanout


def states(ledger: MemoryLedger) -> dict[str, DeliveryState]:
    return {row.address: row.state for row in ledger.rows("INC-1", Filter(limit=1000))}


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class Slow:
    """Holds every batch until it is let go, and remembers how many it held at once."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.held: list[int] = []
        self.under_way = 0

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        self.under_way += len(batch)
        self.held.append(self.under_way)
        await self.gate.wait()
        self.under_way -= len(batch)
        return [accept(delivery) for delivery in batch]


async def claimed(ledger: MemoryLedger, clock: HeldClock, lease: timedelta) -> Claim:
    """Claim as another worker."""
    claim = await ledger.claim(
        channel=ChannelName.MAIL, owner="worker-2", now=clock.now(), lease=lease
    )
    assert claim is not None
    return claim


async def taken(ledger: MemoryLedger, clock: HeldClock, lease: timedelta) -> Delivery:
    """Begin a delivery as another worker that is never heard of again."""
    claim = await claimed(ledger, clock, lease)
    lost = [
        Settled(outcome=Outcome(delivery=one.id, state=DeliveryState.UNKNOWN), due_at=clock.now())
        for one in claim.lost
    ]
    step = await ledger.advance(claim, lost, take=1, now=clock.now(), lease=lease)
    return step.deliveries[0]
