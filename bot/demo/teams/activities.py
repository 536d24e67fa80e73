"""Activities as Teams writes them: what a person's word or click looks like to the bot."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any
from uuid import uuid4

from bot.demo.cast import Persona
from bot.demo.teams.place import Place
from bot.demo.teams.rooms import Json, Room, RoomKind

_TYPES = {RoomKind.THREAD: "channel", RoomKind.CHAT: "personal", RoomKind.GROUP: "groupChat"}


class Activities:
    """Builds them for one place; `service_url` is where the bot answers to."""

    def __init__(self, place: Place, *, service_url: str) -> None:
        self._place = place
        self._service_url = service_url

    def message(
        self, sender: Persona, room: Room, text: str, *, message_id: str, at: datetime
    ) -> Json:
        """A typed message. Where it names the bot ('@Sitrep …'), it mentions it."""
        activity = self._base("message", sender, room, activity_id=message_id, at=at)
        name, typed = self._place.bot_name, self._place.typed_mention
        mention: Json = {
            "type": "mention",
            "text": f"<at>{name}</at>",
            "mentioned": {"id": self._place.bot_id, "name": name},
        }
        if typed in text:
            activity["entities"].insert(0, mention)
        shown = escape(text).replace(
            typed,
            f'<span itemscope itemtype="http://schema.skype.com/Mention" itemid="0">{name}</span>',
        )
        return activity | {
            "text": text.replace(typed, mention["text"]),
            "textFormat": "plain",
            "attachments": [{"contentType": "text/html", "content": f"<div>{shown}</div>"}],
        }

    def submitted(
        self, sender: Persona, room: Room, data: Any, *, message_id: str, card: str, at: datetime
    ) -> Json:
        """A plain Action.Submit: a message with a value, in reply to the card's message."""
        activity = self._base("message", sender, room, activity_id=message_id, at=at)
        return activity | {"replyToId": card, "value": data}

    def invoke(
        self,
        name: str,
        sender: Persona,
        room: Room,
        value: Json,
        *,
        at: datetime,
        reply_to: str | None = None,
    ) -> Json:
        """An invoke, which waits for its answer in the HTTP response."""
        activity = self._base("invoke", sender, room, activity_id=f"f:{uuid4()}", at=at)
        if reply_to:
            activity["replyToId"] = reply_to
        return activity | {"name": name, "value": value}

    def installed(self, sender: Persona, *, at: datetime, names_channel: bool) -> list[Json]:
        """What arrives when somebody adds the app to the team."""
        place = self._place
        general = Room(id=place.team_id, kind=RoomKind.THREAD)
        members = [{"id": place.bot_id}]
        added = self._base("conversationUpdate", sender, general, activity_id=f"f:{uuid4()}", at=at)
        installation = self._base(
            "installationUpdate", sender, general, activity_id=f"f:{uuid4()}", at=at
        )
        event = {"eventType": "teamMemberAdded"}
        if not names_channel:
            for activity in (added, installation):
                del activity["channelData"]["channel"]
        return [
            added | {"membersAdded": members, "channelData": added["channelData"] | event},
            installation | {"action": "add"},
        ]

    def _base(
        self, kind: str, sender: Persona, room: Room, *, activity_id: str, at: datetime
    ) -> Json:
        place = self._place
        moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        conversation: Json = {
            "id": room.id,
            "tenantId": place.tenant_id,
            "conversationType": _TYPES[room.kind],
        }
        channel_data: Json = {"tenant": {"id": place.tenant_id}}
        if room.kind is not RoomKind.CHAT:
            conversation["isGroup"] = True
        if room.kind is RoomKind.THREAD:
            channel_data |= {
                "teamsChannelId": place.channel_id,
                "teamsTeamId": place.team_id,
                "channel": {"id": place.channel_id},
                "team": {
                    "id": place.team_id,
                    "name": place.team_name,
                    "aadGroupId": place.group_id,
                },
            }
        client = {"type": "clientInfo", "locale": "en-GB", "country": "GB", "platform": "Web"}
        return {
            "type": kind,
            "id": activity_id,
            "timestamp": moment,
            "localTimestamp": moment,
            "localTimezone": "UTC",
            "locale": "en-GB",
            "serviceUrl": self._service_url,
            "channelId": "msteams",
            "from": {
                "id": sender.teams_id,
                "name": sender.name,
                "aadObjectId": sender.entra_id,
            },
            "recipient": {"id": place.bot_id, "name": place.bot_name},
            "conversation": conversation,
            "entities": [client | {"timezone": "UTC"}],
            "channelData": channel_data,
        }
