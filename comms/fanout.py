"""The fan-out: claims what is due, sends it, records what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from comms.bell import Bell
from comms.channels.transport import Transport
from comms.clock import Clock
from comms.delivery import DeliveryState, Outcome, Reason
from comms.ledger import Claim, Fanout, Ledger
from comms.patience import patiently
from comms.plan.model import ChannelName
from comms.retries import again
from comms.statement import Statement

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Slots:
    """How much of a channel is under way at once: `lanes` batches of `batch` deliveries.

    A slot is a row in state 'sending'. It is free again only when its outcome is committed, so a
    crash can repeat at most lanes × batch deliveries.
    """

    lanes: int = 4
    batch: int = 25
    lease: timedelta = timedelta(minutes=2)


class Runner:
    """Fans one channel out, in this process. Any number of runners may share a ledger."""

    def __init__(
        self,
        *,
        channel: ChannelName,
        transport: Transport,
        ledger: Ledger,
        clock: Clock,
        bell: Bell,
        owner: str,
        slots: Slots,
        progressed: Callable[[Fanout], None] = lambda _fanout: None,
    ) -> None:
        self.channel = channel
        self._transport = transport
        self._ledger = ledger
        self._clock = clock
        self._bell = bell
        self._owner = owner
        self._slots = slots
        self._progressed = progressed
        self._statements: dict[int, Statement] = {}

    async def run(self) -> None:
        """Fan out until cancelled; what is claimed by then is sent and recorded first."""
        free = asyncio.Semaphore(self._slots.lanes)
        under_way: set[asyncio.Task[None]] = set()
        claiming: asyncio.Task[Claim | None] | None = None
        try:
            while True:
                await free.acquire()
                claiming = asyncio.create_task(self._claim())
                claim = await asyncio.shield(claiming)
                claiming = None
                if claim is None:
                    free.release()
                    await self._rest()
                    continue
                batch = asyncio.create_task(self._deliver(claim))
                under_way.add(batch)
                batch.add_done_callback(under_way.discard)
                batch.add_done_callback(lambda _batch: free.release())
        finally:
            # Rows claimed in vain would wait for the end of their lease.
            if claiming is not None and (last := await claiming) is not None:
                under_way.add(asyncio.create_task(self._deliver(last)))
            if under_way:
                await asyncio.wait(under_way)

    async def run_until_idle(self) -> None:
        """Deliver what is due now, one batch after another, and return."""
        while (claim := await self._claim()) is not None:
            await self._deliver(claim)

    async def _claim(self) -> Claim | None:
        async for attempt in patiently("fanout.claim"):
            with attempt:
                return await self._ledger.claim(
                    channel=self.channel,
                    limit=self._slots.batch,
                    owner=self._owner,
                    now=self._clock.now(),
                    lease=self._slots.lease,
                )
        return None

    async def _rest(self) -> None:
        async for attempt in patiently("fanout.next_due"):
            with attempt:
                due = await self._ledger.next_due(self.channel)
        await self._bell.wait(self._clock, due)

    async def _deliver(self, claim: Claim) -> None:
        outcomes = await self._send(claim)
        async for attempt in patiently("fanout.record"):
            with attempt:
                kept = await self._ledger.record(
                    claim, outcomes, now=self._clock.now(), again=again
                )
        if kept < len(outcomes):
            log.warning("fanout.fenced", fanout=claim.fanout.id, lost=len(outcomes) - kept)
        self._progressed(claim.fanout)

    async def _send(self, claim: Claim) -> Sequence[Outcome]:
        """Send a claim; whatever happens, there is one outcome for each of its deliveries."""
        try:
            async for attempt in patiently("fanout.statement"):
                with attempt:
                    statement = await self._statement(claim.fanout)
            outcomes = await self._transport.send(statement, claim.deliveries)
        except Exception as broken:
            log.exception("transport.broken", channel=self.channel.value, fanout=claim.fanout.id)
            return [
                Outcome(
                    delivery=delivery.id,
                    state=DeliveryState.UNKNOWN,
                    reason=Reason.NO_REPLY,
                    detail=type(broken).__name__,
                )
                for delivery in claim.deliveries
            ]
        told = {outcome.delivery for outcome in outcomes}
        return outcomes + [
            Outcome(delivery=delivery.id, state=DeliveryState.UNKNOWN, reason=Reason.NO_REPLY)
            for delivery in claim.deliveries
            if delivery.id not in told
        ]

    async def _statement(self, fanout: Fanout) -> Statement:
        known = self._statements.get(fanout.id)
        if known is None:
            known = await self._ledger.statement(fanout)
            if len(self._statements) >= 64:
                self._statements.clear()
            self._statements[fanout.id] = known
        return known


def runners(
    transports: Mapping[ChannelName, Transport],
    *,
    ledger: Ledger,
    clock: Clock,
    bells: Mapping[ChannelName, Bell],
    owner: str,
    slots: Mapping[ChannelName, Slots],
    progressed: Callable[[Fanout], None],
) -> tuple[Runner, ...]:
    """Return a runner for each channel."""
    return tuple(
        Runner(
            channel=channel,
            transport=transport,
            ledger=ledger,
            clock=clock,
            bell=bells[channel],
            owner=owner,
            slots=slots.get(channel, Slots()),
            progressed=progressed,
        )
        for channel, transport in transports.items()
    )
