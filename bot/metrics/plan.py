"""The plan in use as gauges."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from comms.desk import Desk


class PlanGauges(Collector):
    """Shows which plan this process works by, and whether its file was refused since."""

    def __init__(self, desk: Desk, registry: CollectorRegistry) -> None:
        self._desk = desk
        registry.register(self)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Show it as it is now."""
        house = self._desk.house
        info = GaugeMetricFamily(
            "sitrep_plan_info", "The plan in use, always 1.", labels=["hash", "version"]
        )
        info.add_metric([house.plan.digest, house.plan.version], 1)
        yield info
        yield GaugeMetricFamily(
            "sitrep_plan_problems",
            "What is wrong with the plan's file, so that it is not taken up; 0: nothing.",
            value=len(house.refused),
        )
        if house.loaded_at:
            yield GaugeMetricFamily(
                "sitrep_plan_loaded_timestamp_seconds",
                "When the plan in use was taken up.",
                value=house.loaded_at.timestamp(),
            )
