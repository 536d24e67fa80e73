"""Opening a war room: where it can be, and what the declarer is told where it cannot."""

from __future__ import annotations

import structlog

from bot.cards.notice import no_room_card, room_found_card
from bot.edge.connector import Connector, ConnectorError
from bot.room import look
from bot.room.clerk import Clerk
from bot.room.post import Card, message
from comms.acts.rooms import is_needed, opened, places, unopened
from comms.desk import Scene
from comms.errors import Unavailable
from comms.outbox import Effect
from comms.room import Place, Room

log = structlog.get_logger()

GONE = frozenset({403, 404})
"""The message or the conversation is not there any more, or the app was taken out of it."""

TELL_AFTER = 4
"""Attempts: so long Teams may be busy or away before the declarer hears of it."""

NO_ROOM = "no-room"
"""Under this name the card is kept that tells the declarer."""

NOWHERE = "Sitrep is in no channel of a team yet."
ADD = "Add the app to a team: the war room opens in its channel by itself."
MEANWHILE = "Until then this chat is the war room, which only you see."


class NoRoomYet(Unavailable):
    """There is no place to open a war room in, or it is not open yet."""


class Opening:
    """Opens an incident's war room: a thread in a channel, or the chat of the declaration."""

    def __init__(self, *, clerk: Clerk, connector: Connector, bot_id: str) -> None:
        self._clerk = clerk
        self._connector = connector
        self._bot_id = bot_id

    async def open(self, effect: Effect) -> None:
        """Open the war room in the first place that takes it.

        Starting a conversation cannot be asked for twice: what the channel made is kept before
        anything else is done with it. Raises NoRoomYet, and tells the declarer, where no place
        takes it; the effect is tried again when the app comes to another one.
        """
        key = effect.incident
        before = await self._clerk.read(_room, key)
        if (before and not before.place.personal) or not await self._clerk.read(is_needed, key):
            return
        refused: list[Place] = []
        for place in await self._clerk.read(places, key):
            if before and place.personal:
                return
            try:
                room = await self._begin(key, place)
            except ConnectorError as failure:
                if failure.status not in GONE:
                    await self._late(effect, failure)
                    raise
                log.warning("room.refused", incident=key, status=failure.status)
                refused.append(place)
                continue
            await self._clerk.note(opened, room)
            await self._tell_where(room, refused, before)
            return
        await self._tell_missing(key, _why(refused), ADD)
        raise NoRoomYet(f"{_why(refused)} {ADD}")

    async def _begin(self, key: str, place: Place) -> Room:
        headline = await self._clerk.read(look.headline, key)
        card = message(await self._clerk.read(look.war_room, key), summary=headline)
        if not place.channel:
            posted = await self._connector.post(place.service_url, place.conversation, card)
            return Room(incident=key, place=place, card=posted)
        made = await self._connector.create_conversation(
            place.service_url,
            {
                "isGroup": True,
                "bot": {"id": self._bot_id},
                "tenantId": place.tenant,
                "channelData": {
                    "channel": {"id": place.channel},
                    "tenant": {"id": place.tenant},
                },
                "activity": dict(card),
            },
        )
        thread = Place(
            conversation=made.id,
            service_url=made.service_url,
            tenant=place.tenant,
            team=place.team,
            channel=place.channel,
            name=place.name,
        )
        return Room(incident=key, place=thread, card=made.activity_id)

    async def _late(self, effect: Effect, failure: ConnectorError) -> None:
        if effect.attempts + 1 == TELL_AFTER:
            why = f"Teams does not take it at the moment ({failure})."
            await self._tell_missing(effect.incident, why, "Sitrep goes on trying by itself.")

    async def _tell_where(self, room: Room, refused: list[Place], before: Room | None) -> None:
        """Tell the declarer, where the room is elsewhere than was to be expected."""
        key = room.incident
        if room.place.personal:
            await self._tell_missing(key, _why(refused), f"{ADD} {MEANWHILE}")
        elif refused and await self._clerk.card(key, NO_ROOM) is None:
            await self._tell_missing(key, _why(refused), f"It is {_where(room.place)} now.")
        else:
            told = [await self._clerk.card(key, NO_ROOM), before.card if before else None]
            await self._tell_found(room, [card for card in told if card])

    async def _tell_missing(self, key: str, why: str, instead: str) -> None:
        """Say once, in the timeline and where it was declared, that the room is missing and why."""
        if await self._clerk.card(key, NO_ROOM) is not None:
            return
        card = await self._clerk.read(_no_room, key, why, instead)
        posted = await self._say(key, card) or ""
        await self._clerk.note(unopened, key, f"{why} {instead}", card=NO_ROOM, activity=posted)

    async def _tell_found(self, room: Room, told: list[str]) -> None:
        """Put where the room is into the cards that stood in for it."""
        for posted in told:
            card = await self._clerk.read(_found, room.incident, _where(room.place))
            await self._say(room.incident, card, posted)

    async def _say(self, key: str, card: Card, posted: str = "") -> str | None:
        """Say something where the incident was declared; None where that is not possible."""
        origin = await self._clerk.read(_origin, key)
        if origin is None:
            return None
        said = message(card, summary=f"{key}: its war room")
        try:
            if posted:
                return await self._connector.update(
                    origin.service_url, origin.conversation, posted, said
                )
            return await self._connector.post(origin.service_url, origin.conversation, said)
        except ConnectorError as failure:
            log.info("room.untold", incident=key, status=failure.status)
            return None


def _why(refused: list[Place]) -> str:
    if not refused:
        return NOWHERE
    named = " and ".join(dict.fromkeys(place.name or "the channel" for place in refused))
    return f"Sitrep may not post to {named}: it was taken out, or is not allowed there."


def _where(place: Place) -> str:
    if place.channel:
        return f"in the channel {place.name}" if place.name else "in the incidents channel"
    return "in this chat"


def _room(scene: Scene, key: str) -> Room | None:
    return scene.book.rooms.of(key)


def _origin(scene: Scene, key: str) -> Place | None:
    return scene.book.rooms.origin(key)


def _no_room(scene: Scene, key: str, why: str, instead: str) -> Card:
    return no_room_card(
        incident=scene.book.incidents.get(key),
        reason=why,
        instead=instead,
        incident_url=scene.house.incident_url(key),
    )


def _found(scene: Scene, key: str, where: str) -> Card:
    return room_found_card(
        incident=scene.book.incidents.get(key),
        where=where,
        incident_url=scene.house.incident_url(key),
    )
