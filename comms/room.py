"""The war room: the responders' conversation in Teams, and how to reach it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Place:
    """A conversation in Teams that the app may post to.

    `conversation` and `service_url` are the connector's; `channel` is set where the place is a
    channel of a team, in which a war room opens as a thread; `personal` where only one person
    sees it.
    """

    conversation: str
    service_url: str
    tenant: str = ""
    team: str = ""
    channel: str = ""
    name: str = ""
    personal: bool = False


@dataclass(frozen=True, kw_only=True)
class Room:
    """An incident's war room. `card` is the activity id of its card, updated in place."""

    incident: str
    place: Place
    card: str = ""


class Rooms(Protocol):
    """Where places and war rooms are kept."""

    def remember(self, place: Place) -> None:
        """Keep or refresh a place: the connector's address of it may change with any activity."""
        ...

    def home(self) -> Place | None:
        """The channel in which war rooms open: the one the app was last added to."""
        ...

    def origin(self, incident: str) -> Place | None:
        """Where the incident was declared, if in Teams."""
        ...

    def declared_in(self, incident: str, place: Place) -> None:
        """Keep where an incident was declared."""
        ...

    def save(self, room: Room) -> None:
        """Keep the war room of an incident."""
        ...

    def of(self, incident: str) -> Room | None:
        """The war room of an incident, once it is open."""
        ...

    def at(self, conversation: str) -> str | None:
        """The key of the incident whose war room this conversation is."""
        ...

    def keep_card(self, incident: str, name: str, activity: str) -> None:
        """Keep the activity id of a card that may have to change later."""
        ...

    def card(self, incident: str, name: str) -> str | None:
        """The activity id of that card."""
        ...
