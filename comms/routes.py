"""Routes: the transports of a channel, and which of them an audience's deliveries take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from comms.channels.transport import Transport
from comms.circuit import Audiences, Circuit, Watch
from comms.clock import Clock, lies_ahead
from comms.gate import Entry, Gate, open_gate
from comms.ledger import LATEST_RETRY, Fanout
from comms.plan.model import ChannelName
from comms.sending import Sender

log = structlog.get_logger()

LOOK_AGAIN = timedelta(seconds=5)
"""So often a fan-out whose routes all rest is looked at, while those of others go on."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One transport of a channel, and its gate (None: as fast as it takes)."""

    transport: Transport
    gate: Gate | None = None


@dataclass(frozen=True, kw_only=True)
class Routes:
    """A channel's routes by name, at least one.

    `order` gives, for each audience at the moment, the names of those that it may take: the first
    that works is taken. Who is not in it takes the first route of all.
    """

    by_name: Mapping[str, Route]
    order: Callable[[], Mapping[str, tuple[str, ...]]] = dict


def only(transport: Transport, gate: Gate | None = None) -> Routes:
    """Return the routes of a channel that has one."""
    return Routes(by_name={"": Route(transport=transport, gate=gate)})


class Track:
    """A route at work in one runner: how it sends, how fast it may, whether it works."""

    def __init__(
        self, route: Route, *, channel: ChannelName, clock: Clock, watch: Watch, is_only: bool
    ) -> None:
        """`is_only`: while it waits the whole channel does; else only what would take it."""
        self.sender = Sender(route.transport, clock)
        self.circuit = Circuit(channel, clock=clock, watch=watch)
        self.gate = route.gate or open_gate(clock)
        self._gate_opens_at: datetime | None = None
        self._clock = clock
        self._is_only = is_only

    @property
    def opens_at(self) -> datetime | None:
        """When it may be used again; None: now."""
        now, gate = self._clock.now(), self._gate_opens_at
        waits = gate if lies_ahead(gate, now, at_most=LATEST_RETRY) else None
        return max(filter(None, (waits, self.circuit.opens_at)), default=None)

    async def enter(self, fanout: Fanout, batch: int) -> Entry:
        """How many may be sent now: the permits there are; one to see whether it works again."""
        if self.circuit.opens_at:
            again_at = min(self.circuit.opens_at, self._clock.now() + LOOK_AGAIN)
            return Entry(permits=0, again_at=again_at, is_narrow=not self._is_only)
        entry = await self.gate.enter(fanout, 1 if self.circuit.is_failing else batch)
        if not entry.permits and not entry.is_narrow:
            self._gate_opens_at = entry.again_at
            return replace(entry, is_narrow=not self._is_only)
        # It may have failed meanwhile, or another lane tries it.
        return replace(entry, permits=self.circuit.admit(entry.permits))


class Switch:
    """One runner's tracks: another is taken where the one that an audience would take rests."""

    def __init__(self, routes: Routes, *, channel: ChannelName, clock: Clock, watch: Watch) -> None:
        self._watch = watch
        self._clock = clock
        self._order = routes.order
        self._first = next(iter(routes.by_name))
        is_only = len(routes.by_name) == 1
        self._tracks = {
            name: Track(
                route,
                channel=channel,
                clock=clock,
                watch=watch if is_only else self._watch_over(name),
                is_only=is_only,
            )
            for name, route in routes.by_name.items()
        }

    @property
    def opens_at(self) -> datetime | None:
        """When a first track may be used again; None: now."""
        waits = [track.opens_at for track in self._tracks.values()]
        return min(filter(None, waits)) if all(waits) else None

    def track(self, audience: str) -> Track:
        """Return the first of the audience's tracks that works, else the one tried next."""
        now = self._clock.now()
        return min(self._of(audience), key=lambda track: track.circuit.opens_at or now)

    def has_another(self, track: Track, audience: str) -> bool:
        """True where what did not get through by this track may leave by another, now."""
        other = self.track(audience)
        return other is not track and not other.circuit.opens_at

    async def tell(self) -> None:
        """Tell whoever watches what is new."""
        for track in self._tracks.values():
            await track.circuit.tell()

    def _of(self, audience: str) -> list[Track]:
        return [self._tracks[name] for name in self._order().get(audience, (self._first,))]

    def _watch_over(self, name: str) -> Watch:
        """Pass on only what leaves an audience without a way: while another works, all is well."""

        async def failed(channel: ChannelName, why: str, _all: Audiences) -> None:
            log.warning("route.failed", channel=channel.value, route=name, why=why)
            stuck = self._stuck()
            if stuck:
                await self._watch.failed(channel, why, stuck)

        async def works(channel: ChannelName) -> None:
            log.info("route.works", channel=channel.value, route=name)
            if not self._stuck():
                await self._watch.works(channel)

        return Watch(failed=failed, works=works)

    def _stuck(self) -> frozenset[str]:
        return frozenset(
            audience
            for audience in self._order()
            if all(track.circuit.is_open for track in self._of(audience))
        )
