"""The war room pane: what one person sees in Teams, and what the person does there."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from aiohttp import web

from bot.demo.api.bodies import ByPersona, FromMessage, Look, Press, Say, Search, Share, read
from bot.demo.cast import Persona, persona
from bot.demo.commands import find_incident, from_message
from bot.demo.teams.answers import Answer
from bot.demo.teams.cards import ADAPTIVE, card_of, elements
from bot.demo.teams.rooms import BOT, Json, Message, Room, RoomKind
from bot.demo.teams.simulator import Simulator

CHANNEL = "channel"
"""Names the channel's own view, where a room's id is asked for."""


class TeamsApi:
    """Routes below /api/teams."""

    def __init__(self, teams: Simulator) -> None:
        self._teams = teams
        self._find, self._from_message = find_incident(), from_message()

    def routes(self) -> list[web.RouteDef]:
        """Return what to mount."""
        return [
            web.get("/api/teams", self.show),
            web.post("/api/teams/say", self.say),
            web.post("/api/teams/execute", self.execute),
            web.post("/api/teams/submit", self.submit),
            web.post("/api/teams/look", self.look),
            web.post("/api/teams/dialog/open", self.open_dialog),
            web.post("/api/teams/dialog/submit", self.submit_dialog),
            web.post("/api/teams/from-message", self.from_message),
            web.post("/api/teams/search", self.search),
            web.post("/api/teams/share", self.share),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The rooms that a person sees, and the messages of the one that is open."""
        viewer = persona(request.query.get("persona", ""))
        if viewer is None:
            raise web.HTTPNotFound(text="No such persona.")
        rooms = [room for room in self._teams.rooms if _sees(viewer, room)]
        wanted = request.query.get("room", CHANNEL)
        chosen = next((room for room in rooms if room.id == wanted), None)
        if chosen is None:
            roots = [room.messages[0] for room in rooms if room.kind is RoomKind.THREAD]
            messages = [_line(one, viewer) | {"replies": _replies(one.room)} for one in roots]
        else:
            messages = [_line(one, viewer) for one in chosen.messages]
        return web.json_response(
            {
                "room": chosen.id if chosen else CHANNEL,
                "rooms": [_room(room) for room in rooms if room.messages],
                "messages": messages,
            }
        )

    async def say(self, request: web.Request) -> web.Response:
        """Send a typed message."""
        body = await read(request, Say)
        actor = body.actor()
        room = self._room(actor, body.room) if body.room else None
        message = await self._teams.say(actor, body.text, room=room)
        return web.json_response({"room": message.room.id, "delivered": message.delivered})

    async def execute(self, request: web.Request) -> web.Response:
        """Press an Action.Execute."""
        body = await read(request, Press)
        message, data = self._message(body, body.message), body.data or {}
        return _answer(await self._teams.execute(body.actor(), message, body.action, data))

    async def submit(self, request: web.Request) -> web.Response:
        """Press a plain Action.Submit."""
        body = await read(request, Press)
        message = await self._teams.submit(
            body.actor(), self._message(body, body.message), body.data
        )
        return web.json_response({"room": message.room.id, "delivered": message.delivered})

    async def look(self, request: web.Request) -> web.Response:
        """Let a card refresh itself for who looks at it."""
        body = await read(request, Look)
        return _answer(await self._teams.look(body.actor(), self._message(body, body.message)))

    async def open_dialog(self, request: web.Request) -> web.Response:
        """Open a card's dialog."""
        body = await read(request, Press)
        message, data = self._message(body, body.message), body.data or {}
        return _answer(await self._teams.open_dialog(body.actor(), message, data))

    async def submit_dialog(self, request: web.Request) -> web.Response:
        """Send a dialog's form."""
        body = await read(request, Press)
        message, data = self._message(body, body.message), body.data or {}
        return _answer(await self._teams.submit_dialog(body.actor(), message, data))

    async def from_message(self, request: web.Request) -> web.Response:
        """Open the form of the message's menu, or send it."""
        body = await read(request, FromMessage)
        actor, message = body.actor(), self._message(body, body.message)
        if body.data is None:
            return _answer(await self._teams.open_from_message(actor, self._from_message, message))
        return _answer(
            await self._teams.submit_from_message(actor, self._from_message, message, body.data)
        )

    async def search(self, request: web.Request) -> web.Response:
        """Ask the message extension."""
        body = await read(request, Search)
        return _answer(await self._teams.search(body.actor(), self._find, body.text))

    async def share(self, request: web.Request) -> web.Response:
        """Post what the message extension found."""
        body = await read(request, Share)
        actor, found = body.actor(), card_of({"attachments": [body.attachment]})
        if found is None:
            raise web.HTTPBadRequest(text="attachment: not an adaptive card")
        room = self._room(actor, body.room) if body.room else None
        attachment = {"contentType": ADAPTIVE, "content": found}
        return web.json_response({"room": self._teams.share(actor, attachment, room=room).room.id})

    def _room(self, actor: Persona, room_id: str) -> Room:
        if room_id == "chat":
            return self._teams.rooms.chat(actor)
        room = self._teams.rooms.find(room_id)
        if room is None or not _sees(actor, room):
            raise web.HTTPNotFound(text="No such room.")
        return room

    def _message(self, body: ByPersona, message_id: str) -> Message:
        message = self._teams.rooms.message(message_id)
        if message is None or message.deleted or not _sees(body.actor(), message.room):
            raise web.HTTPNotFound(text="No such message.")
        return message


def _sees(viewer: Persona, room: Room) -> bool:
    return viewer.in_teams and (room.kind is not RoomKind.CHAT or room.owner == viewer.key)


def _room(room: Room) -> Json:
    last = room.messages[-1]
    return {
        "id": room.id,
        "kind": room.kind,
        "title": caption(room.messages[0].activity),
        "last": last.id,
        "at": last.at.isoformat(),
        "by": room.messages[0].sender,
    }


def _replies(room: Room) -> Json:
    replies = [one for one in room.messages[1:] if not one.deleted]
    return {"count": len(replies), "by": list(dict.fromkeys(one.sender for one in replies))}


def _line(message: Message, viewer: Persona) -> Json:
    activity, card = message.activity, card_of(message.activity)
    shown = message.views.get(viewer.key, card)
    line = {
        "id": message.id,
        "room": message.room.id,
        "by": message.sender,
        "at": message.at.isoformat(),
        "text": str(activity.get("text", "")),
        # What the bot writes is Markdown unless it says otherwise; people type plain text.
        "format": activity.get("textFormat", "markdown") if message.sender == BOT else "plain",
        "card": shown,
        "value": activity.get("value") is not None,
        "edited": message.version > 1,
        "deleted": message.deleted,
        "delivered": message.delivered,
        "refresh": bool(card and card.get("refresh") and viewer.key not in message.refreshed),
        "mentions": [
            entity.get("text", "")
            for entity in activity.get("entities") or []
            if isinstance(entity, dict) and entity.get("type") == "mention"
        ],
    }
    return line | {"stamp": _stamp(line)}


def caption(activity: Json) -> str:
    """Return a message in one line: its text, else its summary, else its card's first words."""
    text = str(activity.get("text") or activity.get("summary") or "")
    for entity in activity.get("entities") or []:
        if isinstance(entity, dict) and entity.get("type") == "mention":
            text = text.replace(str(entity.get("text", "")), "")
    card = card_of(activity)
    if not text.strip() and card is not None:
        blocks = (one.get("text", "") for one in elements(card) if one["type"] == "TextBlock")
        text = next((str(one) for one in blocks if one), "Card")
    return " ".join(text.split())


def _stamp(line: Json) -> str:
    body = json.dumps(line, sort_keys=True, default=str).encode()
    return hashlib.blake2s(body, digest_size=8).hexdigest()


def _answer(answer: Answer) -> web.Response:
    shown: dict[str, Any] = {
        "kind": answer.kind,
        "text": answer.text,
        "title": answer.title,
        "card": answer.card,
        "width": answer.width,
        "height": answer.height,
        "results": list(answer.results),
    }
    return web.json_response(shown)
