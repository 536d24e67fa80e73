"""War rooms: the app comes to a place, a room opens there, or it cannot."""

from __future__ import annotations

from comms.acts.draft import open_draft
from comms.acts.show import show_ask, show_update
from comms.desk import Scene
from comms.outbox import Effect
from comms.people import Person
from comms.room import Place, Room


def arrive(scene: Scene, place: Place) -> None:
    """The app is at this place: what waits for a war room is tried again at once.

    War rooms in a chat that only its declarer sees move into a channel.
    """
    scene.book.rooms.remember(place)
    if not place.channel:
        return
    scene.book.outbox.revive("room")
    for incident in scene.book.incidents.find(open_only=True, limit=100):
        room = scene.book.rooms.of(incident.key)
        if room and room.place.personal:
            key = f"room.open:{incident.key}:{place.channel}"
            effect = Effect(kind="room.open", key=key, incident=incident.key)
            scene.book.outbox.put(effect, now=scene.now)


def meet(scene: Scene, person: Person, place: Place) -> None:
    """Somebody has a chat with the app: from now on it can write to them there."""
    if person.email:
        scene.book.chats.keep(person.email, place)


def places(scene: Scene, key: str) -> tuple[Place, ...]:
    """Where the war room may open, the best first.

    The channel in which the incident was declared, the app's own, the chat of the declaration.
    """
    origin, home = scene.book.rooms.origin(key), scene.book.rooms.home()
    in_channel = origin if origin and origin.channel else None
    possible = (in_channel, home, origin)
    by_address = {place.channel or place.conversation: place for place in possible if place}
    return tuple(by_address.values())


def is_needed(scene: Scene, key: str) -> bool:
    """False once the incident is over and its last update is decided on."""
    return scene.book.incidents.get(key).status.is_open or open_draft(scene, key) is not None


def opened(scene: Scene, room: Room) -> None:
    """The war room is open."""
    moved = scene.book.rooms.of(room.incident) is not None
    scene.book.rooms.save(room)
    where = f" in {room.place.name}" if room.place.channel and room.place.name else ""
    said = f"The war room has moved{where}" if moved else f"The war room is open{where}"
    scene.tell(room.incident, "room.opened", said)
    if moved:
        _show_again(scene, room.incident)


def _show_again(scene: Scene, key: str) -> None:
    """What is still to be decided or done is shown in the new room too."""
    if draft := open_draft(scene, key):
        show_update(scene, draft)
    for ask in scene.book.asks.of(key):
        if ask.is_live:
            show_ask(scene, ask)


def unopened(scene: Scene, key: str, why: str, *, card: str, activity: str) -> None:
    """The war room is not where it should be; `activity` is the card that told the declarer."""
    scene.book.rooms.keep_card(key, card, activity)
    scene.tell(key, "room.missing", f"The war room is not in a channel: {why}")
