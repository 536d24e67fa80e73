"""The connector's REST, as Teams answers it: what the bot posts, edits, deletes and asks.

Paths and shapes: learn.microsoft.com, azure/bot-service/rest-api/bot-framework-rest-connector
-api-reference, and Teams' own status codes for bots.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.demo.cast import Persona
from bot.demo.feed import Feed
from bot.demo.tag import Tag, tag_of
from bot.demo.teams.limits import Throttle, is_too_large
from bot.demo.teams.place import Place
from bot.demo.teams.rooms import BOT, Json, Message, Room, RoomKind, Rooms
from comms.clock import Clock

LARGEST_BODY = 2 * 1024 * 1024
PAGE_SIZE = range(1, 501)


class Refused(Exception):
    """An answer other than success, with the connector's error code."""

    def __init__(self, status: int, code: str, message: str, *, wait: float = 0) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.wait = status, code, message, wait


class Connector:
    """The bot's way into the rooms. `received` counts first posts of tagged messages."""

    def __init__(
        self, *, place: Place, rooms: Rooms, clock: Clock, feed: Feed, throttle: Throttle | None
    ) -> None:
        self._place = place
        self._rooms = rooms
        self._clock = clock
        self._feed = feed
        self._throttle = throttle
        self.installed = False
        self.received: Counter[Tag] = Counter()

    def app(self) -> web.Application:
        """Return the routes, to be mounted where `serviceUrl` points."""
        app = web.Application(middlewares=[_refusals], client_max_size=LARGEST_BODY)
        at = "/v3/conversations/{room}"
        app.router.add_post("/v3/conversations", self.create)
        app.router.add_post(f"{at}/activities", self.post)
        app.router.add_post(f"{at}/activities/{{message}}", self.post)
        app.router.add_put(f"{at}/activities/{{message}}", self.edit)
        app.router.add_delete(f"{at}/activities/{{message}}", self.delete)
        app.router.add_get(f"{at}/members", self.members)
        app.router.add_get(f"{at}/members/{{member}}", self.member)
        app.router.add_get(f"{at}/pagedmembers", self.paged_members)
        app.router.add_get("/v3/teams/{team}", self.team)
        app.router.add_get("/v3/teams/{team}/conversations", self.channels)
        return app

    async def create(self, request: web.Request) -> web.Response:
        """Begin a thread in the channel, or return a person's chat."""
        asked = await _body(request)
        self._require_installed()
        channel = _dict(_dict(asked.get("channelData")).get("channel")).get("id")
        if channel is None:
            return web.json_response({"id": self._chat(asked).id}, status=201)
        if channel not in self._place.channel_ids:
            raise Refused(404, "ConversationNotFound", "The channel does not exist.")
        activity = asked.get("activity")
        if not isinstance(activity, dict):
            raise Refused(400, "BadSyntax", "A channel conversation begins with an 'activity'.")
        message = self._start_thread(activity, channel)
        return web.json_response({"id": message.room.id, "activityId": message.id}, status=201)

    async def post(self, request: web.Request) -> web.Response:
        """Send or reply."""
        activity = await _body(request)
        if (channel := request.match_info["room"]) in self._place.channel_ids:
            self._require_installed()
            return web.json_response({"id": self._start_thread(activity, channel).id}, status=201)
        room = self._room(request)
        if activity.get("type") == "typing":
            return web.json_response({"id": ""}, status=201)
        self._admit(activity, room.id, in_channel=room.kind is RoomKind.THREAD)
        message = self._rooms.add(room, BOT, activity, at=self._clock.now())
        self._count(activity)
        return web.json_response({"id": message.id}, status=201)

    async def edit(self, request: web.Request) -> web.Response:
        """Put a new version of one of the bot's messages."""
        activity = await _body(request)
        room, message = self._own_message(request)
        self._admit(activity, room.id, in_channel=room.kind is RoomKind.THREAD)
        self._rooms.edit(message, activity)
        self._feed.touch("teams")
        return web.json_response({"id": message.id})

    async def delete(self, request: web.Request) -> web.Response:
        """Delete one of the bot's messages."""
        _, message = self._own_message(request)
        message.deleted = True
        self._feed.touch("teams")
        return web.Response()

    async def members(self, request: web.Request) -> web.Response:
        """Everyone in a conversation."""
        return web.json_response([self._account(one) for one in self._roster(request)])

    async def member(self, request: web.Request) -> web.Response:
        """One member of a conversation."""
        found = self._place.member(request.match_info["member"])
        if found is None or found not in self._roster(request):
            raise Refused(404, "MemberNotFoundInConversation", "No such member here.")
        return web.json_response(self._account(found))

    async def paged_members(self, request: web.Request) -> web.Response:
        """A page of the members; the continuation token is missing on the last."""
        roster = self._roster(request)
        size = _number(request.query.get("pageSize", "200"), "pageSize")
        start = _number(request.query.get("continuationToken") or "0", "continuationToken")
        if size not in PAGE_SIZE:
            raise Refused(400, "BadArgument", "pageSize is 1 to 500.")
        page: Json = {"members": [self._account(one) for one in roster[start : start + size]]}
        if start + size < len(roster):
            page["continuationToken"] = str(start + size)
        return web.json_response(page)

    async def team(self, request: web.Request) -> web.Response:
        """The team's name and size."""
        self._require_team(request)
        place = self._place
        facts = {"id": place.team_id, "name": place.team_name, "aadGroupId": place.group_id}
        counts = {"channelCount": 2, "memberCount": len(place.members)}
        return web.json_response(facts | counts)

    async def channels(self, request: web.Request) -> web.Response:
        """The team's channels; General comes without a name, as in Teams."""
        self._require_team(request)
        place = self._place
        named = {"id": place.channel_id, "name": place.channel_name}
        return web.json_response({"conversations": [{"id": place.team_id}, named]})

    def _start_thread(self, activity: Json, channel: str) -> Message:
        self._admit(activity, channel, in_channel=True)
        message = self._rooms.start_thread(BOT, activity, at=self._clock.now(), channel=channel)
        self._count(activity)
        return message

    def _chat(self, asked: Json) -> Room:
        members = asked.get("members")
        if not isinstance(members, list) or len(members) != 1:
            raise Refused(400, "BadSyntax", "A personal conversation has exactly one member.")
        tenant = asked.get("tenantId") or _dict(_dict(asked.get("channelData")).get("tenant")).get(
            "id"
        )
        if tenant != self._place.tenant_id:
            raise Refused(400, "BadArgument", "tenantId is missing or not this tenant's.")
        person = self._place.member(str(_dict(members[0]).get("id", "")))
        if person is None:
            raise Refused(403, "BotNotInConversationRoster", "The app is not installed there.")
        self._feed.touch("teams")
        return self._rooms.chat(person)

    def _admit(self, activity: Json, thread: str, *, in_channel: bool) -> None:
        _check(activity)
        if is_too_large(activity, in_channel=in_channel):
            raise Refused(413, "MessageSizeTooBig", "Message size too large.")
        wait = self._throttle.admit(thread) if self._throttle else None
        if wait is not None:
            raise Refused(429, "TooManyRequests", "API calls quota exceeded.", wait=wait)

    def _count(self, activity: Json) -> None:
        if tag := tag_of(activity):
            self.received[tag] += 1
        self._feed.touch("teams")

    def _room(self, request: web.Request) -> Room:
        """The conversation. In a chat the bot is there as soon as somebody has begun it."""
        room = self._rooms.find(request.match_info["room"])
        if room is None or room.kind is RoomKind.THREAD:
            self._require_installed()
        if room is None:
            raise Refused(404, "ConversationNotFound", "Conversation not found.")
        return room

    def _own_message(self, request: web.Request) -> tuple[Room, Message]:
        room = self._room(request)
        message = self._rooms.message(request.match_info["message"])
        if message is None or message.deleted or message.room is not room:
            raise Refused(404, "ActivityNotFoundInConversation", "No such activity here.")
        if message.sender != BOT:
            raise Refused(403, "Forbidden", "A bot changes only its own messages.")
        return room, message

    def _roster(self, request: web.Request) -> tuple[Persona, ...]:
        if request.match_info["room"] in self._place.channel_ids:
            self._require_installed()
            return self._place.members
        room = self._room(request)
        if room.kind is RoomKind.CHAT:
            return tuple(one for one in self._place.members if one.key == room.owner)
        return self._place.members

    def _account(self, person: Persona) -> Json:
        given, _, family = person.name.partition(" ")
        return {
            "id": person.teams_id,
            "name": person.name,
            "givenName": given,
            "surname": family,
            "email": person.email,
            "userPrincipalName": person.email,
            "tenantId": self._place.tenant_id,
            "userRole": "user",
            "aadObjectId": person.entra_id,
        }

    def _require_installed(self) -> None:
        if not self.installed:
            raise Refused(
                403, "BotNotInConversationRoster", "The bot is not part of the conversation roster."
            )

    def _require_team(self, request: web.Request) -> None:
        self._require_installed()
        if request.match_info["team"] != self._place.team_id:
            raise Refused(404, "TeamNotFound", "No such team.")


@web.middleware
async def _refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        headers = {"Retry-After": str(math.ceil(refused.wait))} if refused.wait else {}
        error = {"error": {"code": refused.code, "message": refused.message}}
        return web.json_response(error, status=refused.status, headers=headers)


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise Refused(400, "BadSyntax", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise Refused(400, "BadSyntax", "The body is not a JSON object.")
    return body


def _check(activity: Json) -> None:
    if activity.get("type") != "message":
        raise Refused(400, "BadSyntax", "The activity's type is not 'message'.")
    attachments = activity.get("attachments") or []
    if not isinstance(attachments, list):
        raise Refused(400, "BadSyntax", "attachments is not a list.")
    if not activity.get("text") and not attachments:
        raise Refused(400, "BadSyntax", "A message has a text or an attachment.")
    for attachment in attachments:
        content_type = _dict(attachment).get("contentType", "")
        if content_type.endswith("card.adaptive") and not _is_card(attachment.get("content")):
            raise Refused(400, "BadSyntax", "The attachment is not an adaptive card.")
    for entity in activity.get("entities") or []:
        if _dict(entity).get("type") == "mention":
            _check_mention(entity, str(activity.get("text", "")))


def _check_mention(entity: Json, text: str) -> None:
    if not _dict(entity.get("mentioned")).get("id") or entity.get("text", "") not in text:
        raise Refused(400, "BadSyntax", "A mention needs an id and its own text in the message.")


def _is_card(content: object) -> bool:
    return isinstance(content, dict) and content.get("type") == "AdaptiveCard"


def _number(value: str, name: str) -> int:
    if not value.isdecimal():
        raise Refused(400, "BadArgument", f"{name} is not a number.")
    return int(value)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
