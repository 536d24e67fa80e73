"""What came back of mail, counted."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from comms.acts.bounces import Taken


class BounceMeters:
    """Messages that were read for reports, and what came of the reports in them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter(
            "sitrep_bounce_messages",
            "Messages that were read for reports, by where they came from.",
            ["source"],
            registry=registry,
        )
        self._reports = Counter(
            "sitrep_bounce_reports",
            "Reports on mail: matched to a delivery, of a stranger, or repeated.",
            ["source", "outcome"],
            registry=registry,
        )
        self._suppressed = Counter(
            "sitrep_addresses_suppressed",
            "Addresses to which nothing is sent any more.",
            registry=registry,
        )

        self._open = Gauge(
            "sitrep_bounce_mailbox_open",
            "1 while the mailbox of bounces could be read at the last look, 0 while it could not.",
            registry=registry,
        )
        self._open.set(1)

    def looked(self, *, was_open: bool) -> None:
        """Note whether the mailbox could be read."""
        self._open.set(was_open)

    def returned(self, source: str, messages: int, taken: Taken) -> None:
        """Count a batch from 'mailbox' or 'posted'."""
        self._messages.labels(source).inc(messages)
        for outcome, count in (
            ("matched", taken.matched),
            ("stranger", taken.strangers),
            ("repeated", taken.repeated),
        ):
            self._reports.labels(source, outcome).inc(count)
        self._suppressed.inc(taken.suppressed)
