"""The fan-out: claims what is due, sends it, records what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from comms.bell import Bell
from comms.breaker import NOT_REACHED
from comms.circuit import Watch
from comms.clock import Clock
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.gate import Entry
from comms.ledger import Advance, Claim, Fanout, Ledger, Settled
from comms.meters import Meters, Unwatched
from comms.patience import patiently
from comms.plan.model import ChannelName
from comms.retries import again, ended
from comms.routes import Routes, Switch, Track
from comms.statement import Statement
from comms.trace import step

log = structlog.get_logger()

Refused = Callable[[Sequence[int]], Awaitable[object]]
"""Told, after it is recorded, which deliveries were rejected because of their address."""

NOBODY_THERE = frozenset({Reason.MAILBOX_UNKNOWN, Reason.ADDRESS_INVALID})


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
        routes: Routes,
        ledger: Ledger,
        clock: Clock,
        bell: Bell,
        owner: str,
        slots: Slots,
        holds: Callable[[str], bool] = lambda _audience: False,
        progressed: Callable[[Fanout], None] = lambda _fanout: None,
        refused: Refused | None = None,
        meters: Meters | None = None,
        watch: Watch | None = None,
    ) -> None:
        """`holds` says of an audience whether what is unknown waits for a person."""
        self.channel = channel
        self._switch = Switch(routes, channel=channel, clock=clock, watch=watch or Watch())
        self._holds = holds
        self._ledger = ledger
        self._clock = clock
        self._bell = bell
        self._owner = owner
        self._slots = slots
        self._progressed = progressed
        self._refused = refused
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
                until = self._switch.opens_at
                claim = None if until else await self._claim()
                if claim is None:
                    free.release()
                    await self._rest(until)
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
        """Deliver what is due and may be sent now, one shard after another, and return."""
        while not self._switch.opens_at and await self.run_one():
            pass

    async def run_one(self) -> bool:
        """Deliver the most urgent shard that is due and free; False when there is none.

        When something more urgent comes, that is delivered and what was begun given back: there
        are as many shards left then as there are others to deliver them. While the channel may not
        be used it waits.
        """
        while (until := self._switch.opens_at) and not self._stopping:
            await self._bell.wait(self._clock, until)
        while (claim := await self._claim()) is not None:
            if not await self._deliver(claim):
                return True
        return False

    def stop(self) -> None:
        """Begin nothing any more; what is under way is finished, the rest given back."""
        self._stopping = True
        self._bell.ring()

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

    async def _rest(self, until: datetime | None) -> None:
        if until is None:
            async for attempt in patiently("fanout.next_due"):
                with attempt:
                    until = await self._ledger.next_due(self.channel)
        await self._bell.wait(self._clock, until)

    async def _lane(self, claim: Claim) -> None:
        try:
            await self._deliver(claim)
        except Exception:
            # Its lease runs out, and the next claim finds what was under way.
            log.exception("fanout.broken", fanout=claim.fanout.id, shard=claim.shard)

    async def _deliver(self, claim: Claim) -> bool:
        """Send a shard; True where it was left for something more urgent."""
        fanout = claim.fanout
        holding = asyncio.create_task(self._hold(claim))
        try:
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
        finally:
            holding.cancel()

    async def _hold(self, claim: Claim) -> None:
        """Renew the lease while the shard is being sent: a slow relay is no lost worker."""
        while True:
            await self._clock.sleep(self._slots.lease / 3)
            async for attempt in patiently("fanout.renew"):
                with attempt:
                    await self._ledger.renew(claim, now=self._clock.now(), lease=self._slots.lease)

    async def _send_all(self, claim: Claim) -> bool:
        """Send batch by batch: the next is taken as the last one's outcomes are kept."""
        settled = [self._settled(claim, _lost(delivery), delivery) for delivery in claim.lost]
        while True:
            track = self._switch.track(claim.fanout.audience)
            entry = await self._enter(track, claim.fanout)
            went = await self._advance(claim, settled, entry)
            track.gate.leave(claim.fanout, entry.permits - len(went.deliveries))
            if settled:
                self._progressed(claim.fanout)
                if not went.is_fenced:
                    self._meters.recorded(self.channel, settled)
                    await self._tell_of_refused(settled)
            if went.is_fenced:
                log.warning("fanout.fenced", fanout=claim.fanout.id, lost=len(settled))
            await self._switch.tell()
            if not went.deliveries:
                if entry.permits:
                    track.circuit.nothing_left()
                # What was given back is due for whoever claims next, and that may be this runner.
                self._bell.ring()
                return went.is_overtaken
            settled = await self._send(track, claim, went.deliveries, entry)

    async def _tell_of_refused(self, settled: Sequence[Settled]) -> None:
        refused = [
            one.outcome.delivery
            for one in settled
            if one.state is DeliveryState.REJECTED and one.outcome.reason in NOBODY_THERE
        ]
        if not refused or self._refused is None:
            return
        try:
            await self._refused(refused)
        except Exception:
            # What was taken meanwhile has to leave; the next update will be refused there again.
            log.exception("fanout.refused", deliveries=len(refused))

    async def _enter(self, track: Track, fanout: Fanout) -> Entry:
        if self._stopping:
            return Entry(permits=0)
        return await track.enter(fanout, self._slots.batch)

    async def _advance(self, claim: Claim, settled: Sequence[Settled], entry: Entry) -> Advance:
        async for attempt in patiently("fanout.advance"):
            with attempt:
                return await self._ledger.advance(
                    claim,
                    settled,
                    take=0 if self._stopping else entry.permits,
                    now=self._clock.now(),
                    lease=self._slots.lease,
                    put_off=entry.again_at if entry.is_narrow else None,
                )
        return Advance()

    async def _send(
        self, track: Track, claim: Claim, batch: tuple[Delivery, ...], entry: Entry
    ) -> list[Settled]:
        """Send a batch; whatever happens, there is one outcome for each of its deliveries."""
        statement = await self._statement(claim.fanout)
        began, is_probe = self._clock.now(), track.circuit.is_failing
        outcomes = await track.sender.send(statement, batch, rate=entry.rate)
        if track.circuit.judge(outcomes.values(), began):
            self._bell.ring()
        await track.gate.tell(claim.fanout, outcomes.values(), began)
        spared = is_probe or self._switch.has_another(track, claim.fanout.audience)
        return [
            Settled(outcome)
            if (outcome := outcomes[delivery.id]).state is DeliveryState.ACCEPTED
            else self._settled(claim, outcome, delivery, is_spared=spared)
            for delivery in batch
        ]

    def _settled(
        self, claim: Claim, outcome: Outcome, delivery: Delivery, *, is_spared: bool = False
    ) -> Settled:
        """What follows from an outcome that is none yet: when to try again, or that it is final.

        `is_spared`: that the other side was not reached is no attempt, and nothing to wait for.
        """
        now = self._clock.now()
        was_held = outcome.state is DeliveryState.PLANNED
        if was_held or (is_spared and outcome.reason in NOT_REACHED):
            return Settled(outcome=outcome, due_at=now, counts=False)
        holds = self._holds(claim.fanout.audience)
        due = again(outcome, delivery.attempt, now, holds_unknown=holds)
        return Settled(outcome=outcome if due else ended(outcome), due_at=due)

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


def _lost(delivery: Delivery) -> Outcome:
    """What is known of a delivery that a worker had begun when it went away."""
    return Outcome(delivery=delivery.id, state=DeliveryState.UNKNOWN, reason=Reason.WORKER_LOST)


def runners(
    routes: Mapping[ChannelName, Routes],
    *,
    ledger: Ledger,
    clock: Clock,
    bells: Mapping[ChannelName, Bell],
    owner: str,
    slots: Mapping[ChannelName, Slots],
    holds: Callable[[str], bool],
    progressed: Callable[[Fanout], None],
    refused: Refused | None = None,
    meters: Meters | None = None,
    watch: Watch | None = None,
) -> tuple[Runner, ...]:
    """Return a runner for each channel."""
    return tuple(
        Runner(
            channel=channel,
            routes=ways,
            ledger=ledger,
            clock=clock,
            bell=bells[channel],
            owner=owner,
            slots=slots.get(channel, Slots()),
            holds=holds,
            progressed=progressed,
            refused=refused,
            meters=meters,
            watch=watch,
        )
        for channel, ways in routes.items()
    )
