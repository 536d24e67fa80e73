"""Reach before and after: who would get an update and how long that takes, and who got it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from comms.delivery import Reason
from comms.desk import Scene
from comms.ledger import Line
from comms.plan.model import Audience, ChannelName

PAGE_ADDRESS = "status page"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How many deliveries, and the seconds they take at the channels' known limits."""

    recipients: int
    eta_seconds: int


def estimate(scene: Scene, audience: Audience) -> Estimate:
    """Estimate before anything is sent: '412 people, 14 min at the relay's limit'."""
    recipients = 0
    seconds = 0.0
    for channel in audience.channels:
        count = _count(scene, audience, channel)
        rate = scene.house.rates.get(channel, 0.0)
        recipients += count
        seconds = max(seconds, count / rate if rate else 0.0)
    return Estimate(recipients=recipients, eta_seconds=math.ceil(seconds))


def lines(
    scene: Scene, incident: str, audience: Audience, channel: ChannelName, earlier: frozenset[str]
) -> Iterator[Line]:
    """Yield a ledger line for each recipient of an audience by a channel.

    Whom this channel does not reach is a line too, suppressed, with the reason. `earlier` holds
    addresses (casefolded) that an earlier audience of the same update reaches by this channel.
    """
    match channel:
        case ChannelName.TEAMS:
            yield Line(address=f"room:{incident}", name="War room")
        case ChannelName.PAGE:
            yield Line(address=PAGE_ADDRESS, name="Status page")
        case ChannelName.MAIL:
            yield from _people(scene, audience, channel, earlier)


def _people(
    scene: Scene, audience: Audience, channel: ChannelName, earlier: frozenset[str]
) -> Iterator[Line]:
    for person in scene.book.recipients.of(audience.name, limit=0):
        reason = None
        if person.channels and channel.value not in person.channels:
            reason = Reason.UNSUBSCRIBED
        elif person.email.casefold() in earlier:
            reason = Reason.DUPLICATE
        yield Line(
            address=person.email, name=person.name, language=person.language, suppressed=reason
        )


def _count(scene: Scene, audience: Audience, channel: ChannelName) -> int:
    return scene.book.recipients.count(audience.name) if channel is ChannelName.MAIL else 1
