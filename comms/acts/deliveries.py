"""Deliveries: sent again to those not reached, stopped in time, seen by those who were."""

from __future__ import annotations

from comms.acts.bounces import cleared
from comms.acts.choices import withhold_stopped
from comms.acts.show import show_reach
from comms.delivery import LedgerRow
from comms.desk import Scene
from comms.errors import Conflict, NotFound
from comms.people import Person
from comms.plan.model import ChannelName
from comms.update import UpdateState


def retry(scene: Scene, key: str, number: int) -> int:
    """Plan every rejected and unknown delivery of an update again; return how many."""
    update = scene.book.updates.get(key, number)
    if update.state is not UpdateState.APPROVED:
        raise Conflict(f"Update {number} of {key} has not been sent.")
    again = scene.book.fanouts.retry(key, number, now=scene.now)
    again -= withhold_stopped(scene, update.audiences)
    if again:
        scene.tell(
            key,
            "update.resent",
            f"{scene.by.name} sends update {number} again to {again} not reached",
            update=number,
            deliveries=again,
        )
        show_reach(scene, key, number)
    return again


def cancel(scene: Scene, key: str, number: int) -> int:
    """Stop an update: whatever nobody has begun to send is cancelled; return how many."""
    update = scene.book.updates.get(key, number)
    if update.state is not UpdateState.APPROVED:
        raise Conflict(f"Update {number} of {key} has not been sent.")
    cancelled = scene.book.fanouts.cancel(key, number, now=scene.now)
    if cancelled:
        scene.tell(
            key,
            "update.cancelled",
            f"{scene.by.name} stopped update {number}: {cancelled} are not sent",
            update=number,
            deliveries=cancelled,
        )
        show_reach(scene, key, number)
    return cancelled


def acknowledge(scene: Scene, delivery: int) -> LedgerRow:
    """A person says 'I have seen this'; saying it again changes nothing. NotFound for no such.

    Whoever was told by several deliveries counts once.
    """
    row = scene.book.fanouts.acknowledge(delivery, now=scene.now)
    if row is None:
        raise NotFound("This update is not in the ledger any more.")
    scene.book.sightings.acknowledge(
        incident=row.incident,
        number=row.update,
        by=Person(name=row.name or row.address, email=row.address),
        audience=row.audience,
        now=scene.now,
    )
    if row.channel is ChannelName.MAIL:
        cleared(scene, row.address)
    return row
