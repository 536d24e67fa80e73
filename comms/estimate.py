"""The estimate: how many an update would reach, and how long that takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from comms.chosen import kept_back
from comms.desk import Scene
from comms.holders import holders
from comms.ledger import REACHED
from comms.plan.model import Audience, ChannelName
from comms.quiet_now import QuietNow
from comms.throttle import learned, seconds
from comms.update import Update


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How many deliveries, and the seconds they take at the channels' known limits.

    `kept_back` are those people of the audience who are not told now because they chose so;
    `waiting` of the recipients are told when their quiet hours end.
    """

    recipients: int
    eta_seconds: int
    kept_back: int = 0
    waiting: int = 0


def estimates(scene: Scene, update: Update, audiences: Iterable[Audience]) -> dict[str, Estimate]:
    """Estimate for each of these audiences, by name."""
    rates = scene.book.paces.rates()
    return {audience.name: _estimate(scene, update, audience, rates) for audience in audiences}


def _estimate(
    scene: Scene, update: Update, audience: Audience, rates: Mapping[str, float]
) -> Estimate:
    """Estimate before anything is sent: '412 people, 14 min at the relay's limit'.

    A correction goes to those whom the wrong update has reached.
    """
    recipients = 0
    eta = 0.0
    chose = 0
    if update.corrects is None and any(channel.is_personal for channel in audience.channels):
        chose = kept_back(scene, update, audience)
    for channel in audience.channels if update.corrects is None else audience.ways:
        count = _count(scene, update, audience, channel, chose)
        recipients += count
        limits = learned(scene.house.limits(audience.name, channel), rates)
        eta = max(eta, seconds(limits, count))
    return Estimate(
        recipients=recipients,
        eta_seconds=math.ceil(eta),
        kept_back=chose,
        waiting=min(_waiting(scene, update, audience), recipients),
    )


def _waiting(scene: Scene, update: Update, audience: Audience) -> int:
    if not any(channel.is_personal for channel in audience.channels):
        return 0
    return QuietNow(scene, audience, update.severity).waiting()


def _count(
    scene: Scene, update: Update, audience: Audience, channel: ChannelName, chose: int
) -> int:
    if update.corrects is not None:
        totals = scene.book.fanouts.totals(update.incident, update.corrects)
        return sum(totals.get((audience.name, channel), {}).get(state, 0) for state in REACHED)
    if not channel.is_personal:
        return 1
    people, order = scene.book.recipients.count(audience.name) - chose, audience.order()
    people += len(holders(scene, update.incident, audience))
    if len(order) < 2:
        return people
    # Everybody gets one: those who have a chat there, where that comes first; the others by mail.
    chats = scene.book.chats.count(audience.name) if order[0] is ChannelName.CHAT else 0
    chats = min(chats, people)
    return chats if channel is ChannelName.CHAT else people - chats
