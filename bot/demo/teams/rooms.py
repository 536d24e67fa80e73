"""Conversations and messages, as Teams keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.demo.cast import Persona
from bot.demo.teams.place import Place

Json = dict[str, Any]

BOT = "bot"
"""Who wrote a message, where it was the bot; else the key of a persona."""


class RoomKind(StrEnum):
    """A thread of the channel, a person's chat with the bot, or a chat of several with it."""

    THREAD = "thread"
    CHAT = "chat"
    GROUP = "group"


@dataclass(kw_only=True)
class Message:
    """One message. `activity` is its latest version; `version` counts them from 1.

    `views` holds the card that one person sees in place of it: what the bot answered to that
    person's action. A new version ends all of them, as in Teams.
    """

    id: str
    room: Room = field(repr=False)
    sender: str
    at: datetime
    activity: Json
    version: int = 1
    deleted: bool = False
    delivered: bool = True
    views: dict[str, Json] = field(default_factory=dict)
    refreshed: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class Room:
    """A thread or a chat with its messages, oldest first."""

    id: str
    kind: RoomKind
    owner: str = ""
    messages: list[Message] = field(default_factory=list)


class Rooms:
    """Everything said so far."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._rooms: dict[str, Room] = {}
        self._messages: dict[str, Message] = {}
        self._last_id = 0

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def find(self, room_id: str) -> Room | None:
        """Return the room with this conversation id."""
        return self._rooms.get(room_id)

    def message(self, message_id: str) -> Message | None:
        """Return a message by its activity id, deleted ones too."""
        return self._messages.get(message_id)

    def newest(self) -> Iterator[Message]:
        """All messages that still stand, the newest first."""
        return (one for one in reversed(self._messages.values()) if not one.deleted)

    def start_thread(
        self, sender: str, activity: Json, *, at: datetime, channel: str = ""
    ) -> Message:
        """Begin a thread in the channel (or in another of the team's) with its first message."""
        message_id = self._next_id(at)
        channel = channel or self._place.channel_id
        room = Room(id=f"{channel};messageid={message_id}", kind=RoomKind.THREAD)
        self._rooms[room.id] = room
        return self._keep(room, message_id, sender, activity, at)

    def chat(self, owner: Persona) -> Room:
        """Return a person's chat with the bot, begun when there was none."""
        room_id = f"a:{owner.key}-{owner.entra_id[-12:]}"
        return self._rooms.setdefault(
            room_id, Room(id=room_id, kind=RoomKind.CHAT, owner=owner.key)
        )

    def group(self, name: str) -> Room:
        """Return the group chat of that name, to which the bot was added."""
        room_id = f"19:{name}@thread.v2"
        return self._rooms.setdefault(room_id, Room(id=room_id, kind=RoomKind.GROUP))

    def add(self, room: Room, sender: str, activity: Json, *, at: datetime) -> Message:
        """Add a message to a room."""
        return self._keep(room, self._next_id(at), sender, activity, at)

    def edit(self, message: Message, activity: Json) -> None:
        """Put a new version in place of the last."""
        message.activity = activity
        message.version += 1
        message.views.clear()
        message.refreshed.clear()

    def _keep(
        self, room: Room, message_id: str, sender: str, activity: Json, at: datetime
    ) -> Message:
        message = Message(id=message_id, room=room, sender=sender, at=at, activity=activity)
        room.messages.append(message)
        self._messages[message_id] = message
        return message

    def _next_id(self, at: datetime) -> str:
        # Teams numbers messages by their millisecond; two in one millisecond still differ.
        self._last_id = max(self._last_id + 1, int(at.timestamp() * 1000))
        return str(self._last_id)
