"""Teams as people use it: they type, press, fill in dialogs, and the bot hears of it."""

from __future__ import annotations

from html import escape
from typing import Any

from bot.demo.cast import Persona
from bot.demo.feed import Feed
from bot.demo.teams.activities import Activities
from bot.demo.teams.answers import Answer, AnswerKind, action_answer, error, task_answer
from bot.demo.teams.cards import card_of, elements, refreshes_for
from bot.demo.teams.connector import Connector
from bot.demo.teams.limits import Throttle, is_too_large
from bot.demo.teams.place import Place
from bot.demo.teams.rooms import Json, Message, Room, RoomKind, Rooms
from bot.demo.teams.wire import Wire
from comms.clock import Clock


class Simulator:
    """One team and its bot. `service_url` is where `connector.app()` is mounted."""

    def __init__(
        self,
        *,
        wire: Wire,
        service_url: str,
        clock: Clock,
        feed: Feed | None = None,
        place: Place | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        self.place = place or Place()
        self.feed = feed or Feed()
        self.rooms = Rooms(self.place)
        self.wire = wire
        self._clock = clock
        self._activities = Activities(self.place, service_url=service_url)
        self.connector = Connector(
            place=self.place, rooms=self.rooms, clock=clock, feed=self.feed, throttle=throttle
        )

    async def install(self, by: Persona, *, names_channel: bool = True) -> None:
        """Add the app to the team; from now on the bot may post.

        Not every team's activities name the channel: then there is only the team's General.
        """
        self.connector.installed = True
        activities = self._activities
        for activity in activities.installed(by, at=self._clock.now(), names_channel=names_channel):
            await self.wire.once(activity)

    async def say(self, sender: Persona, text: str, *, room: Room | None = None) -> Message:
        """Type a message: a new post where no room is given, else a reply or a chat message.

        In the channel the bot hears only of messages that mention it ('@Sitrep …').
        """
        at = self._clock.now()
        if room is None:
            message = self.rooms.start_thread(sender.key, {}, at=at)
            room = message.room
        else:
            message = self.rooms.add(room, sender.key, {}, at=at)
        message.activity = self._activities.message(
            sender, room, text, message_id=message.id, at=at
        )
        if room.kind is RoomKind.CHAT or self.place.typed_mention in text:
            return await self._deliver(message)
        self.feed.touch("teams")
        return message

    async def submit(self, sender: Persona, card: Message, data: Any) -> Message:
        """Press a plain Action.Submit, or one that sends a message in the person's name."""
        at, room = self._clock.now(), card.room
        teams = data.get("msteams") if isinstance(data, dict) else None
        shown = teams if isinstance(teams, dict) else {}
        if shown.get("type") == "imBack":
            return await self.say(sender, str(shown.get("value", "")), room=room)
        message = self.rooms.add(room, sender.key, {}, at=at)
        activity = self._activities.submitted(
            sender, room, data, message_id=message.id, card=card.id, at=at
        )
        if shown.get("type") == "messageBack":
            text = str(shown.get("text") or shown.get("displayText") or "")
            activity |= {"text": text, "value": shown.get("value", data)}
        message.activity = activity
        return await self._deliver(message)

    async def execute(self, sender: Persona, card: Message, action: Json, data: Json) -> Answer:
        """Press an Action.Execute; the card that comes back takes the place of the one pressed."""
        return await self._act(sender, card, action, data, trigger="manual")

    async def look(self, sender: Persona, message: Message) -> Answer:
        """Look at a message: a card that refreshes itself for this person asks the bot once."""
        card = card_of(message.activity)
        if card is None or sender.key in message.refreshed:
            return Answer(kind=AnswerKind.NONE)
        if not refreshes_for(card, sender.teams_id, len(self.place.members)):
            return Answer(kind=AnswerKind.NONE)
        message.refreshed.add(sender.key)
        action = card["refresh"]["action"]
        return await self._act(sender, message, action, action.get("data") or {}, "automatic")

    async def open_dialog(self, sender: Persona, card: Message, data: Json) -> Answer:
        """Press an Action.Submit of msteams type task/fetch."""
        return await self._task("task/fetch", sender, card, data)

    async def submit_dialog(self, sender: Persona, card: Message, data: Json) -> Answer:
        """Send the dialog's form."""
        return await self._task("task/submit", sender, card, data)

    async def search(self, sender: Persona, command: str, text: str) -> Answer:
        """Type into the search of the message extension."""
        parameter = (
            {"name": "query", "value": text}
            if text
            else {
                "name": "initialRun",
                "value": "true",
            }
        )
        value = {
            "commandId": command,
            "parameters": [parameter],
            "queryOptions": {"skip": 0, "count": 25},
        }
        return await self._invoke("composeExtension/query", sender, self._channel(), value)

    def share(self, sender: Persona, attachment: Json, *, room: Room | None = None) -> Message:
        """Post a found card in one's own name; the bot does not hear of it."""
        at = self._clock.now()
        if room is None:
            message = self.rooms.start_thread(sender.key, {}, at=at)
        else:
            message = self.rooms.add(room, sender.key, {}, at=at)
        message.activity = self._activities.message(
            sender, message.room, "", message_id=message.id, at=at
        ) | {"attachments": [attachment]}
        self.feed.touch("teams")
        return message

    async def open_from_message(self, sender: Persona, command: str, message: Message) -> Answer:
        """Choose the message extension's action in a message's menu."""
        value = self._about(message, command)
        return await self._invoke("composeExtension/fetchTask", sender, message.room, value)

    async def submit_from_message(
        self, sender: Persona, command: str, message: Message, data: Json
    ) -> Answer:
        """Send the form which that action opened."""
        value = self._about(message, command) | {"data": data}
        return await self._invoke("composeExtension/submitAction", sender, message.room, value)

    async def _act(
        self, sender: Persona, message: Message, action: Json, data: Json, trigger: str
    ) -> Answer:
        value = {
            "action": {
                "type": "Action.Execute",
                "id": action.get("id", ""),
                "verb": action.get("verb", ""),
                "data": data,
            },
            "trigger": trigger,
        }
        activity = self._activities.invoke(
            "adaptiveCard/action",
            sender,
            message.room,
            value,
            at=self._clock.now(),
            reply_to=message.id,
        )
        version = message.version
        answer = action_answer(await self.wire.once(activity))
        if answer.card is not None and (trigger == "manual" or message.version == version):
            message.views[sender.key] = answer.card
        self.feed.touch("teams")
        return answer

    async def _task(self, name: str, sender: Persona, card: Message, data: Json) -> Answer:
        value = {"data": data, "context": {"theme": "default"}}
        return await self._invoke(name, sender, card.room, value, reply_to=card.id)

    async def _invoke(
        self, name: str, sender: Persona, room: Room, value: Json, *, reply_to: str | None = None
    ) -> Answer:
        activity = self._activities.invoke(
            name, sender, room, value, at=self._clock.now(), reply_to=reply_to
        )
        reply = await self.wire.once(activity)
        if isinstance(reply.body, dict) and is_too_large(reply.body, in_channel=False):
            return error("Teams takes answers of up to 100 KB.")
        answer = task_answer(reply)
        if answer.kind is AnswerKind.DIALOG and _executes(answer.card or {}):
            return error("Dialogs in Teams take Action.Submit; this card has an Action.Execute.")
        return answer

    async def _deliver(self, message: Message) -> Message:
        self.feed.touch("teams")
        reply = await self.wire.message(message.activity)
        message.delivered = reply.is_success
        self.feed.touch("teams")
        return message

    def _about(self, message: Message, command: str) -> Json:
        sender = self.place.member(str(message.activity.get("from", {}).get("id", "")))
        text = str(message.activity.get("text", "")) or str(message.activity.get("summary", ""))
        user = {
            "userIdentityType": "aadUser",
            "id": sender.entra_id if sender else self.place.bot_id,
            "displayName": sender.name if sender else self.place.bot_name,
        }
        payload = {
            "id": message.id,
            "messageType": "message",
            "createdDateTime": message.at.isoformat(timespec="milliseconds"),
            "from": {"device": None, "conversation": None, "user": user},
            "body": {"contentType": "html", "content": f"<div>{escape(text)}</div>"},
            "attachments": [],
            "mentions": [],
        }
        return {
            "commandId": command,
            "commandContext": "message",
            "context": {"theme": "default"},
            "messagePayload": payload,
        }

    def _channel(self) -> Room:
        return Room(id=self.place.channel_id, kind=RoomKind.THREAD)


def _executes(card: Json) -> bool:
    return any(one["type"] == "Action.Execute" for one in elements(card))
