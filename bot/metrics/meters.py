"""The product's meters: counters and histograms, fed as things happen in this process."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Sequence
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from comms.ledger import Settled
from comms.plan.model import ChannelName

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds; the limits that Sitrep promises (20 ms of lag) are among the bounds."""

LATE = (0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3600.0)
"""Seconds; above a minute the process was down, or the database."""


class ProductMeters:
    """Fed by the engine's loops, the bot, the database and the sampler of the event loop."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._attempts = Counter(
            "sitrep_attempts",
            "Attempts to send, by what the channel said; retries count again.",
            ["channel", "outcome", "reason"],
            registry=registry,
        )
        self._deliveries = Counter(
            "sitrep_deliveries",
            "Deliveries whose outcome is final.",
            ["channel", "outcome", "reason"],
            registry=registry,
        )
        self._late = Histogram(
            "sitrep_timer_late_seconds",
            "How long after its moment a timer fired.",
            ["kind"],
            buckets=LATE,
            registry=registry,
        )
        self._effects = Counter(
            "sitrep_effects",
            "Effects of the outbox, by what became of them.",
            ["kind", "outcome"],
            registry=registry,
        )
        self._turns = Histogram(
            "sitrep_turn_seconds",
            "Turns of the bot: seconds until the activity was answered.",
            ["activity", "outcome"],
            buckets=QUICK,
            registry=registry,
        )
        self._lag = Histogram(
            "sitrep_loop_lag_seconds",
            "How late the event loop comes to what is due.",
            buckets=QUICK,
            registry=registry,
        )
        self._commits = Histogram(
            "sitrep_database_commit_seconds",
            "Write transactions, from the first statement to the commit.",
            buckets=QUICK,
            registry=registry,
        )
        self._writes = Counter(
            "sitrep_database_writes",
            "Pieces of work written; on SQLite several share a commit.",
            registry=registry,
        )

    def recorded(self, channel: ChannelName, settled: Sequence[Settled]) -> None:
        """Count the outcomes of a batch."""
        tally = Tally(
            (one.outcome.state, one.outcome.reason, one.due_at is None) for one in settled
        )
        for (state, reason, is_final), count in tally.items():
            labels = (channel.value, state.value, reason.value if reason else "")
            self._attempts.labels(*labels).inc(count)
            if is_final:
                self._deliveries.labels(*labels).inc(count)

    def fired(self, kind: str, late: timedelta) -> None:
        """Note how late a timer fired."""
        self._late.labels(kind).observe(max(late.total_seconds(), 0.0))

    def carried(self, kind: str, outcome: str) -> None:
        """Count an effect."""
        self._effects.labels(kind, outcome).inc()

    def turn(self, activity: str, outcome: str, seconds: float) -> None:
        """Note how long a turn took."""
        self._turns.labels(activity, outcome).observe(seconds)

    def lag(self, seconds: float) -> None:
        """Note how late the event loop was."""
        self._lag.observe(seconds)

    def committed(self, writes: int, seconds: float) -> None:
        """Note a commit; called from the threads that write."""
        self._writes.inc(writes)
        self._commits.observe(seconds)

    def watch_writes(self, waiting: Callable[[], int]) -> None:
        """Show how many pieces of work wait for the writer, asked at each scrape."""
        gauge = Gauge(
            "sitrep_database_writes_waiting",
            "Pieces of work that wait for the database's writer.",
            registry=self._registry,
        )
        gauge.set_function(waiting)
