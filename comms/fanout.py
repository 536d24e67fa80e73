"""The fan-out: claims what is due, sends it, records what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from comms.bell import Bell
from comms.channels.transport import Transport
from comms.clock import Clock
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.ledger import Advance, Claim, Fanout, Ledger, Settled
from comms.meters import Meters, Unwatched
from comms.patience import patiently
from comms.plan.model import ChannelName
from comms.retries import again
from comms.statement import Statement
from comms.trace import step

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
        meters: Meters | None = None,
    ) -> None:
        self.channel = channel
        self._transport = transport
        self._ledger = ledger
        self._clock = clock
        self._bell = bell
        self._owner = owner
        self._slots = slots
        self._progressed = progressed
        self._meters = meters or Unwatched()
        self._statements: dict[int, Statement] = {}
        self._stopping = False

    async def run(self) -> None:
        """Fan out until cancelled; what is under way then is finished first."""
        self._stopping = False
        free = asyncio.Semaphore(self._slots.lanes)
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                await free.acquire()
                claim = await self._claim()
                if claim is None:
                    free.release()
                    await self._rest()
                    continue
                lane = asyncio.create_task(self._lane(claim))
                under_way.add(lane)
                lane.add_done_callback(under_way.discard)
                lane.add_done_callback(lambda _lane: free.release())
        finally:
            self.stop()
            if under_way:
                await asyncio.wait(under_way)

    async def run_until_idle(self) -> None:
        """Deliver what is due now, one shard after another, and return."""
        while await self.run_one():
            pass

    async def run_one(self) -> bool:
        """Deliver the most urgent shard that is due and free; False when there is none.

        When something more urgent comes, that is delivered and what was begun given back: there
        are as many shards left then as there are others to deliver them.
        """
        while (claim := await self._claim()) is not None:
            if not await self._deliver(claim):
                return True
        return False

    def stop(self) -> None:
        """Begin nothing any more; what is under way is finished, the rest given back."""
        self._stopping = True

    async def _claim(self) -> Claim | None:
        """Claim a shard; whoever is stopped meanwhile gives it back, or nobody could send it."""
        if self._stopping:
            return None
        claiming = asyncio.ensure_future(self._ask())
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            self.stop()
            claim = await claiming
            if claim is not None:
                await self._deliver(claim)
            raise

    async def _ask(self) -> Claim | None:
        async for attempt in patiently("fanout.claim"):
            with attempt:
                return await self._ledger.claim(
                    channel=self.channel,
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

    async def _lane(self, claim: Claim) -> None:
        try:
            await self._deliver(claim)
        except Exception:
            # Its lease runs out, and the next claim finds what was under way.
            log.exception("fanout.broken", fanout=claim.fanout.id, shard=claim.shard)

    async def _deliver(self, claim: Claim) -> bool:
        """Send a shard, batch by batch: the next is taken as the last one's outcomes are kept.

        True where it was left for something more urgent.
        """
        fanout = claim.fanout
        with step(
            "fanout.shard",
            under=fanout.trace,
            incident=fanout.incident,
            update=fanout.update,
            audience=fanout.audience,
            channel=fanout.channel.value,
            shard=claim.shard,
        ):
            return await self._send_all(claim)

    async def _send_all(self, claim: Claim) -> bool:
        """Send batch by batch."""
        now = self._clock.now()
        settled = [self._settled(_lost(delivery), delivery, now) for delivery in claim.lost]
        while True:
            step = await self._advance(claim, settled)
            if settled:
                self._progressed(claim.fanout)
                if not step.is_fenced:
                    self._meters.recorded(self.channel, settled)
            if step.is_fenced:
                log.warning("fanout.fenced", fanout=claim.fanout.id, lost=len(settled))
            if not step.deliveries:
                # What was given back is due for whoever claims next, and that may be this runner.
                self._bell.ring()
                return step.is_overtaken
            outcomes = await self._send(claim.fanout, step.deliveries)
            now = self._clock.now()
            settled = [
                self._settled(outcomes[delivery.id], delivery, now) for delivery in step.deliveries
            ]

    async def _advance(self, claim: Claim, settled: Sequence[Settled]) -> Advance:
        async for attempt in patiently("fanout.advance"):
            with attempt:
                return await self._ledger.advance(
                    claim,
                    settled,
                    take=0 if self._stopping else self._slots.batch,
                    now=self._clock.now(),
                    lease=self._slots.lease,
                )
        return Advance()

    def _settled(self, outcome: Outcome, delivery: Delivery, now: datetime) -> Settled:
        if outcome.state is DeliveryState.ACCEPTED:
            return Settled(outcome=outcome)
        return Settled(outcome=outcome, due_at=again(outcome, delivery.attempt, now))

    async def _send(self, fanout: Fanout, batch: tuple[Delivery, ...]) -> dict[int, Outcome]:
        """Send a batch; whatever happens, there is one outcome for each of its deliveries."""
        statement = await self._statement(fanout)
        try:
            with step("fanout.send", deliveries=len(batch)):
                outcomes = await self._transport.send(statement, batch)
        except Exception as broken:
            log.exception("transport.broken", channel=self.channel.value, fanout=fanout.id)
            return {delivery.id: _unknown(delivery, type(broken).__name__) for delivery in batch}
        told = {outcome.delivery: outcome for outcome in outcomes}
        return {delivery.id: told.get(delivery.id) or _unknown(delivery) for delivery in batch}

    async def _statement(self, fanout: Fanout) -> Statement:
        known = self._statements.get(fanout.id)
        if known is not None:
            return known
        if len(self._statements) >= 64:
            self._statements.clear()
        async for attempt in patiently("fanout.statement"):
            with attempt:
                self._statements[fanout.id] = await self._ledger.statement(fanout)
        return self._statements[fanout.id]


def _unknown(delivery: Delivery, detail: str = "") -> Outcome:
    return Outcome(
        delivery=delivery.id,
        state=DeliveryState.UNKNOWN,
        reason=Reason.NO_REPLY,
        detail=detail,
    )


def _lost(delivery: Delivery) -> Outcome:
    """What is known of a delivery that a worker had begun when it went away."""
    return Outcome(delivery=delivery.id, state=DeliveryState.UNKNOWN, reason=Reason.WORKER_LOST)


def runners(
    transports: Mapping[ChannelName, Transport],
    *,
    ledger: Ledger,
    clock: Clock,
    bells: Mapping[ChannelName, Bell],
    owner: str,
    slots: Mapping[ChannelName, Slots],
    progressed: Callable[[Fanout], None],
    meters: Meters | None = None,
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
            meters=meters,
        )
        for channel, transport in transports.items()
    )
