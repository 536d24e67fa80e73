"""Reach as the API tells it: how many deliveries are in which state."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from bot.api.shapes import Stamp, Told
from comms.acts.chasing import seen_by
from comms.delivery import DeliveryState, Reason
from comms.desk import Scene
from comms.plan.model import ChannelName
from comms.unreached import missed

NAMED = 20
"""So many of those not reached are named; the deliveries name all."""


class States(Told):
    """How many deliveries are in each state."""

    planned: int
    sending: int
    accepted: int
    rejected: int
    suppressed: int
    unknown: int
    cancelled: int


class WayTold(Told):
    """Another way to somebody."""

    label: str
    url: str = Field(description="What opens it; '' where there is nothing to open.")


class UnreachedTold(Told):
    """Somebody whom it did not reach."""

    audience: str
    channel: ChannelName
    name: str
    address: str
    reason: Reason | None
    why: str
    ways: list[WayTold]


class SeenTold(Told):
    """Who of an audience has acknowledged an update."""

    acknowledged: int
    told: int = Field(description="How many are asked to; 0: nobody is.")
    silent: list[str] = Field(description="Some of those who are asked and have not.")


class HeldTold(Told):
    """What waits for the end of readers' quiet hours."""

    deliveries: int
    until: Stamp = Field(description="When the first of them end.")


class ReachTold(Told):
    """How far one update has got."""

    states: States
    audiences: dict[str, States]
    acknowledged: int = Field(description="How many people said that they have seen it.")
    seen: dict[str, SeenTold] = Field(description="Who has acknowledged it, by audience.")
    waiting: dict[str, HeldTold] = Field(
        description="What is planned and waits for the end of quiet hours, by audience."
    )
    unreached: list[UnreachedTold] = Field(description="Some of those whom it did not reach.")
    resendable: int = Field(description="How many a resend would go to.")


def reach_told(scene: Scene, key: str, number: int) -> ReachTold:
    """Look up how far an update has got."""
    by_audience: dict[str, Counter[DeliveryState]] = {}
    for (audience, _channel), totals in scene.book.fanouts.totals(key, number).items():
        by_audience.setdefault(audience, Counter()).update(totals)
    seen = seen_by(scene, scene.book.updates.get(key, number), named=NAMED)
    total = sum(by_audience.values(), Counter[DeliveryState]())
    left_out = missed(scene, key, number, limit=NAMED)
    failed = sum(total[state] for state in (DeliveryState.REJECTED, DeliveryState.UNKNOWN))
    return ReachTold(
        states=_states(total),
        audiences={audience: _states(totals) for audience, totals in by_audience.items()},
        acknowledged=sum(one.acknowledged for one in seen.values()),
        seen={name: SeenTold.model_validate(one) for name, one in seen.items()},
        waiting={
            name: HeldTold.model_validate(one)
            for name, one in scene.book.holds.waiting(key, number).items()
        },
        unreached=[UnreachedTold.model_validate(one) for one in left_out.people],
        resendable=max(failed - left_out.beyond_resend, 0),
    )


def _states(totals: Counter[DeliveryState]) -> States:
    return States(**{state.value: totals[state] for state in DeliveryState})
