"""Deliveries: sent again to those not reached, stopped in time."""

from __future__ import annotations

from comms.acts.choices import withhold_stopped
from comms.acts.show import show_reach
from comms.desk import Scene
from comms.errors import Conflict
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
