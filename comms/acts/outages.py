"""Outages: told where somebody waits, and given over to the channel that stands in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from comms.acts.passing import pass_on
from comms.acts.show import show_outage, show_reach
from comms.delivery import DeliveryState
from comms.desk import Scene
from comms.ledger import Fanout, Waiting
from comms.outage import Outage
from comms.plan.model import ChannelName
from comms.planning import stand_in

CHANNELS = {
    ChannelName.TEAMS: "Teams",
    ChannelName.CHAT: "Chat",
    ChannelName.MAIL: "Mail",
    ChannelName.PAGE: "The status page",
}


def is_out(scene: Scene, channel: ChannelName) -> bool:
    """True where the channel is known to be out."""
    return scene.book.outages.of(channel) is not None


def fail(
    scene: Scene, channel: ChannelName, why: str, audiences: Collection[str] | None = None
) -> None:
    """Nothing gets through by this channel, or not to these audiences; told again meanwhile.

    1. Each incident with deliveries that wait hears of it once.
    2. Where the plan names a channel that stands in, it takes over what nobody has begun to send.
    """
    waiting = [
        one
        for one in scene.book.fanouts.waiting(channel)
        if one.fanout.is_update and (audiences is None or one.fanout.audience in audiences)
    ]
    known = scene.book.outages.of(channel)
    outage = known or Outage(channel=channel, since=scene.now, why=why)
    left = _by_incident(waiting)
    told = tuple(key for key in left if key not in outage.incidents)
    for key in told:
        scene.tell(
            key,
            "channel.failed",
            f"{CHANNELS[channel]} does not get through ({outage.why}): {left[key]} wait",
            channel=channel.value,
            waiting=left[key],
        )
        show_outage(scene, key, outage)
    scene.book.outages.save(replace(outage, incidents=(*outage.incidents, *told)))
    for one in waiting:
        _fail_over(scene, one.fanout)


def recover(scene: Scene, channel: ChannelName) -> None:
    """The channel works again: all who were told of its outage hear of it."""
    outage = scene.book.outages.of(channel)
    if outage is None:
        return
    scene.book.outages.end(channel)
    minutes = max(1, round((scene.now - outage.since).total_seconds() / 60))
    for key in outage.incidents:
        scene.tell(
            key,
            "channel.works",
            f"{CHANNELS[channel]} gets through again after {minutes} min",
            channel=channel.value,
            minutes=minutes,
        )
        show_outage(scene, key, outage, ended_at=scene.now)


def _by_incident(waiting: Sequence[Waiting]) -> Counter[str]:
    left = Counter[str]()
    for one in waiting:
        left[one.fanout.incident] += one.deliveries
    return left


def _fail_over(scene: Scene, fanout: Fanout) -> None:
    audience = scene.plan.audiences.get(fanout.audience)
    if audience and fanout.channel.is_personal:
        key, number, state = fanout.incident, fanout.update, DeliveryState.PLANNED
        pass_on(scene, key, number, audience, fanout.channel, state=state)
    instead = audience.failover.get(fanout.channel) if audience else None
    if audience is None or instead is None or not stand_in(scene, fanout, instead):
        return  # nobody would be reached instead: they wait
    given_over = scene.book.fanouts.supersede(fanout, now=scene.now)
    if given_over:
        scene.tell(
            fanout.incident,
            "channel.failover",
            f"Update {fanout.update} goes to {audience.label} by {CHANNELS[instead]} instead:"
            f" {given_over} were not reached by {CHANNELS[fanout.channel]}",
            update=fanout.update,
            audience=fanout.audience,
            channel=fanout.channel.value,
            instead=instead.value,
            deliveries=given_over,
        )
        show_reach(scene, fanout.incident, fanout.update)
