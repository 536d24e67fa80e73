"""Reach as the API tells it: how many deliveries are in which state."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from bot.api.shapes import Told
from comms.delivery import DeliveryState
from comms.desk import Scene


class States(Told):
    """How many deliveries are in each state."""

    planned: int
    sending: int
    accepted: int
    rejected: int
    suppressed: int
    unknown: int
    cancelled: int


class ReachTold(Told):
    """How far one update has got."""

    states: States
    audiences: dict[str, States]
    acknowledged: int = Field(description="How many people said that they have seen it.")


def reach_told(scene: Scene, key: str, number: int) -> ReachTold:
    """Look up how far an update has got."""
    by_audience: dict[str, Counter[DeliveryState]] = {}
    for (audience, _channel), totals in scene.book.fanouts.totals(key, number).items():
        by_audience.setdefault(audience, Counter()).update(totals)
    total = sum(by_audience.values(), Counter[DeliveryState]())
    return ReachTold(
        states=_states(total),
        audiences={audience: _states(totals) for audience, totals in by_audience.items()},
        acknowledged=len(scene.book.sightings.acknowledged(key, number)),
    )


def _states(totals: Counter[DeliveryState]) -> States:
    return States(**{state.value: totals[state] for state in DeliveryState})
