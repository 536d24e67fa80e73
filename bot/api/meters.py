"""What Prometheus reads of the API."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from bot.metrics.bounces import BounceMeters


class Meters:
    """Requests by operation and status, and the seconds they took; `bounces` as they come in."""

    def __init__(self, registry: CollectorRegistry, bounces: BounceMeters | None = None) -> None:
        self.bounces = bounces or BounceMeters(registry)
        self._requests = Counter(
            "sitrep_api_requests",
            "API requests answered.",
            ["operation", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "sitrep_api_seconds",
            "Seconds to answer an API request.",
            ["operation"],
            registry=registry,
        )

    def request(self, operation: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(operation, str(status)).inc()
        self._seconds.labels(operation).observe(seconds)
