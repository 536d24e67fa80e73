"""The backlog: what waits to be done at this moment, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from comms.delivery import DeliveryState
from comms.plan.model import ChannelName
from comms.promise import PromiseState
from comms.source import SourceState

BY_WORKERS = (ChannelName.TEAMS, ChannelName.CHAT, ChannelName.MAIL)
"""What workers send on Postgres. The page stays with the app: that is where its directory is."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One channel's deliveries that have no final outcome, by state.

    `since` is when the oldest update that still waits was approved (UTC); None: nothing waits.
    """

    deliveries: Mapping[DeliveryState, int]
    since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """All that waits. `promises` are those of all incidents, by state; the rest is still to do.

    `effects_since` is when the oldest effect that waits was written (UTC). `workers` are lanes of
    workers that were heard of lately; None where the app sends everything itself. `outages` are
    channels that are out, since when (UTC); `rates` what the throttle has learned, by its key;
    `sources` the copies of sources of people, by theirs.
    """

    queues: Mapping[ChannelName, Queue]
    effects: int
    effects_since: datetime | None
    timers: int
    timers_overdue: int
    promises: Mapping[PromiseState, int]
    workers: int | None = None
    outages: Mapping[ChannelName, datetime] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, SourceState] = field(default_factory=dict)


class Backlogs(Protocol):
    """Where the backlog is read."""

    def read(self, now: datetime) -> Backlog:
        """Return what waits at `now`, without reading the ledger's rows."""
        ...

    def stranded(self) -> int:
        """How many deliveries wait for a worker while none is alive; cheap enough for a probe."""
        ...


def warnings(stranded: int) -> list[str]:
    """What somebody should do about deliveries that are stranded."""
    if not stranded:
        return []
    return [f"{stranded} deliveries wait and no worker is alive: start `sitrep worker`."]
