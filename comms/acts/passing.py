"""Passing on: whom a channel of their own does not reach is told by their next."""

from __future__ import annotations

from comms.acts.chasing import BY
from comms.acts.show import show_reach
from comms.delivery import DeliveryState
from comms.desk import Scene
from comms.plan.model import Audience, ChannelName


def follow(scene: Scene, key: str, number: int) -> None:
    """Some deliveries of an update have an outcome: show it, and pass on what was refused."""
    plan = scene.plan_for(scene.book.incidents.get(key))
    update = scene.book.updates.get(key, number)
    for audience in plan.among(update.audiences):
        for channel in audience.order():
            pass_on(scene, key, number, audience, channel, state=DeliveryState.REJECTED)
    show_reach(scene, key, number)


def pass_on(
    scene: Scene,
    key: str,
    number: int,
    audience: Audience,
    channel: ChannelName,
    *,
    state: DeliveryState,
) -> int:
    """Tell those whose delivery by a channel is in this state by their other one instead, once;
    return how many."""
    if len(audience.order()) < 2 or channel not in audience.order():
        return 0
    told = scene.book.chases.pass_on(
        key, number, audience=audience.name, channel=channel, states=(state,), now=scene.now
    )
    if told:
        scene.tell(
            key,
            "channel.next",
            f"Update {number}: {told} of {audience.label} are told by their next channel,"
            f" as {BY[channel]} they were not reached",
            update=number,
            audience=audience.name,
            channel=channel.value,
            deliveries=told,
        )
    return told
