"""The copies of sources of people as gauges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily

from comms.source import SourceState


def source_gauges(sources: Mapping[str, SourceState], now: datetime) -> Iterator[GaugeMetricFamily]:
    """Show of each source how many people its copy has, how old it is, and whether it is good.

    A source that was never read has no age.
    """
    people, age, good = (
        GaugeMetricFamily(f"sitrep_source_{name}", text, labels=["source"])
        for name, text in (
            ("people", "People in the copy of a group or a rota."),
            ("age_seconds", "Seconds since the copy of a group or a rota was read."),
            ("good", "1 where the last reading was taken; 0: it failed, or was not believed."),
        )
    )
    for key, state in sources.items():
        people.add_metric([key], state.people)
        good.add_metric([key], float(state.is_good))
        if state.fetched_at is not None:
            age.add_metric([key], max((now - state.fetched_at).total_seconds(), 0.0))
    yield from (people, age, good)
