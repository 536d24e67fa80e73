"""The backlog as gauges: read from the database when it is scraped, not oftener."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.metrics.sources import source_gauges
from comms.backlog import Backlog
from comms.clock import Clock
from comms.delivery import DeliveryState
from comms.desk import Desk, Scene
from comms.people import SITREP
from comms.plan.model import ChannelName
from comms.promise import PromiseState

FRESH = 2.0
"""Seconds for which one reading serves all who ask."""

OPEN = (DeliveryState.PLANNED, DeliveryState.SENDING)


class BacklogGauges(Collector):
    """Shows the last backlog that was read; `refresh` reads it anew where that is old."""

    def __init__(self, desk: Desk, registry: CollectorRegistry, *, fresh: float = FRESH) -> None:
        self._fresh = fresh
        self._desk = desk
        self._clock: Clock = desk.clock
        self._backlog: Backlog | None = None
        self._read_at = float("-inf")
        registry.register(self)

    async def refresh(self) -> None:
        """Read the backlog. Unavailable where the database cannot be read at the moment."""
        if time.monotonic() - self._read_at < self._fresh:
            return
        self._backlog = None  # an old reading must not pass for the present one
        self._backlog = await self._desk.read(_look, SITREP, "api")
        self._read_at = time.monotonic()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Show what was read."""
        if self._backlog is None:
            return
        now = self._clock.now()
        yield from _queues(self._backlog, now)
        yield from _channels(self._backlog, now)
        yield from _rest(self._backlog, now)
        yield from source_gauges(self._backlog.sources, now)


def _look(scene: Scene) -> Backlog:
    return scene.book.backlog.read(scene.now)


def _queues(backlog: Backlog, now: datetime) -> Iterator[GaugeMetricFamily]:
    depth = GaugeMetricFamily(
        "sitrep_queue_deliveries",
        "Deliveries without a final outcome.",
        labels=["channel", "state"],
    )
    oldest = GaugeMetricFamily(
        "sitrep_queue_oldest_seconds",
        "Seconds since the approval of the oldest update that is not sent to everybody.",
        labels=["channel"],
    )
    for channel in ChannelName:
        queue = backlog.queues.get(channel)
        for state in OPEN:
            depth.add_metric([channel, state], queue.deliveries[state] if queue else 0)
        oldest.add_metric([channel], _age(queue.since if queue else None, now))
    yield depth
    yield oldest


def _channels(backlog: Backlog, now: datetime) -> Iterator[GaugeMetricFamily]:
    out = GaugeMetricFamily(
        "sitrep_channel_outage_seconds",
        "Seconds since nothing gets through by a channel; 0: it works.",
        labels=["channel"],
    )
    for channel in ChannelName:
        out.add_metric([channel], _age(backlog.outages.get(channel), now))
    yield out
    rate = GaugeMetricFamily(
        "sitrep_channel_rate",
        "Messages a second to which a channel is held since it refused some.",
        labels=["channel", "transport"],
    )
    for key, held in backlog.rates.items():
        # The last part of a key is a mailbox or a tenant, and no label names one.
        named, *transport, _whose = key.split(":")
        rate.add_metric([named, transport[0] if transport else ""], held)
    yield rate


def _rest(backlog: Backlog, now: datetime) -> Iterator[GaugeMetricFamily]:
    promises = GaugeMetricFamily(
        "sitrep_promises", "Promises of all incidents, by what became of them.", labels=["state"]
    )
    for state in PromiseState:
        promises.add_metric([state], backlog.promises.get(state, 0))
    yield promises
    for name, text, value in (
        ("sitrep_outbox_effects", "Effects that wait in the outbox.", backlog.effects),
        (
            "sitrep_outbox_oldest_seconds",
            "Seconds since the oldest effect that waits was written.",
            _age(backlog.effects_since, now),
        ),
        ("sitrep_workers", "Lanes of workers that were heard of lately.", backlog.workers or 0),
        ("sitrep_timers", "Timers that are set.", backlog.timers),
        ("sitrep_timers_overdue", "Timers past their moment.", backlog.timers_overdue),
    ):
        yield GaugeMetricFamily(name, text, value=value)


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
