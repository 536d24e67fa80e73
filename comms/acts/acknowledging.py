"""Acknowledgement: a person says 'I have seen this', by the link in a mail or a card's button."""

from __future__ import annotations

from comms.acts.bounces import cleared
from comms.acts.chasing import seen
from comms.delivery import LedgerRow
from comms.desk import Scene
from comms.errors import Conflict, NotFound
from comms.people import Person
from comms.plan.model import ChannelName
from comms.update import UpdateState


def acknowledge(scene: Scene, delivery: int) -> LedgerRow:
    """The reader of this delivery has seen it; saying it again changes nothing. NotFound for no
    such delivery.

    Whoever was told by several deliveries counts once.
    """
    row = scene.book.fanouts.acknowledge(delivery, now=scene.now)
    if row is None:
        raise NotFound("This update is not in the ledger any more.")
    reader = Person(name=row.name or row.address, email=row.address)
    _record(scene, row.incident, row.update, audience=row.audience, by=reader, way=row.channel)
    if row.channel is ChannelName.MAIL:
        cleared(scene, row.address)
    return row


def see(scene: Scene, key: str, number: int, *, audience: str, by: Person) -> None:
    """Somebody pressed the button of a card that says an update; again, it is all one.

    Conflict where the update was not sent.
    """
    update = scene.book.updates.get(key, number)
    if update.state is not UpdateState.APPROVED or audience not in update.audiences:
        raise Conflict(f"Update {number} of {key} was not sent to {audience[:40]!r}.")
    # By the address, as whoever follows the link in a mail is known.
    reader = Person(name=by.name, email=by.email) if by.email else by
    scene.book.chases.mark(key, number, address=by.email, now=scene.now)
    _record(scene, key, number, audience=audience, by=reader, way=ChannelName.CHAT)


def _record(
    scene: Scene, key: str, number: int, *, audience: str, by: Person, way: ChannelName
) -> None:
    is_new = scene.book.sightings.acknowledge(
        incident=key, number=number, by=by, audience=audience, way=way, now=scene.now
    )
    if is_new:
        seen(scene, key, number)
