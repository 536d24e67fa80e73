"""The hands of the outbox: what acts ask of the war room, carried out in Teams.

Each may be called again for the same effect after a crash. What is shown is read from the book
when it is shown, so a late hand shows the present state and never an old one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import structlog

from bot.edge.connector import Connector, ConnectorError
from bot.room import look
from bot.room.post import Card, message
from comms.desk import Desk, Scene
from comms.errors import Unavailable
from comms.outbox import Effect, Hand
from comms.patience import patiently
from comms.people import SITREP
from comms.promise import Phase
from comms.room import Place, Room

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

GONE = frozenset({403, 404})
"""The message or the conversation is not there any more, or the app was taken out of it."""


class NoRoomYet(Unavailable):
    """There is no place to open a war room in, or it is not open yet."""


class Hands:
    """Opens the war room and keeps its cards up to date."""

    def __init__(self, *, desk: Desk, connector: Connector, bot_id: str) -> None:
        self._desk = desk
        self._connector = connector
        self._bot_id = bot_id

    def by_kind(self) -> Mapping[str, Hand]:
        """Which hand carries out which kind of effect."""
        hands: Mapping[str, Hand] = {
            "room.open": self.open,
            "room.refresh": self.refresh,
            "room.update": self.show_update,
            "room.reach": self.show_reach,
            "room.ask": self.show_ask,
            "room.nudge": self.nudge,
            "room.answered": self.settle_nudge,
            "room.glass": self.show_broken_glass,
        }
        return {kind: partial(_reaching, hand) for kind, hand in hands.items()}

    async def open(self, effect: Effect) -> None:
        """Open the war room: a thread in the channel, begun by its card.

        Starting a conversation cannot be asked for twice: what the channel made is kept before
        anything else is done with it.
        """
        key = effect.incident
        if await self._read(lambda scene: scene.book.rooms.of(key)):
            return
        place = await self._read(lambda scene: _where(scene, key))
        if place is None:
            raise NoRoomYet("Sitrep is in no Teams channel yet: add the app to a team.")
        card = message(await self._look(look.war_room, key), summary=await self._summary(key))
        room = await self._begin(key, place, card)
        await self._note(_opened, room)

    async def refresh(self, effect: Effect) -> None:
        """Put the incident's present state into the war-room card."""
        room = await self._room(effect.incident)
        card = message(
            await self._look(look.war_room, effect.incident),
            summary=await self._summary(effect.incident),
        )
        await self._replace(room, room.card, card)

    async def show_update(self, effect: Effect) -> None:
        """Show a draft to those who approve it; what it shows later replaces it in place."""
        key, number = effect.incident, int(effect.payload["number"])
        seen = await self._read(lambda scene: _drafted(scene, key, number))
        if seen is None:
            return
        card = await self._look(look.update, key, number)
        await self._put(key, f"update:{number}:{seen}", card, f"{key}: update {number}")
        before = await self._read(lambda scene: scene.book.rooms.card(key, f"update:{number}"))
        if before and before != seen:
            await self._outdate(key, number, before)
        await self._keep(key, f"update:{number}", seen)

    async def show_reach(self, effect: Effect) -> None:
        """Show how far an update has got."""
        key, number = effect.incident, int(effect.payload["number"])
        card = await self._look(look.reached, key, number)
        await self._put(key, f"reach:{number}", card, f"{key}: reach of update {number}")

    async def show_ask(self, effect: Effect) -> None:
        """Show an ask with its button, or what became of it."""
        ask = int(effect.payload["ask"])
        card = await self._look(look.asked, ask)
        await self._put(effect.incident, f"ask:{ask}", card, f"{effect.incident}: needed")

    async def nudge(self, effect: Effect) -> None:
        """Remind whoever is to act that an update is due, or overdue."""
        key = effect.incident
        card = await self._look(
            look.nudge,
            key,
            Phase(str(effect.payload["phase"])),
            datetime.fromisoformat(str(effect.payload["due_at"])),
        )
        if card is not None:
            await self._put(key, effect.key, card, f"{key}: next update")

    async def settle_nudge(self, effect: Effect) -> None:
        """Let a nudge that was answered say so, and ask for nothing any more."""
        key, name = effect.incident, str(effect.payload["nudge"])
        due_at = datetime.fromisoformat(str(effect.payload["due_at"]))
        posted = await self._read(lambda scene: scene.book.rooms.card(key, name))
        if posted is None or await self._look(look.is_owed, key, due_at):
            return
        phase = Phase(str(effect.payload["phase"]))
        card = await self._look(look.answered_nudge, key, phase, due_at)
        await self._replace(
            await self._room(key), posted, message(card, summary=f"{key}: next update")
        )

    async def show_broken_glass(self, effect: Effect) -> None:
        """Say that an update went out without the approval that the plan asks for."""
        key, number = effect.incident, int(effect.payload["number"])
        card = await self._look(look.broken_glass, key, number)
        if card is not None:
            await self._put(key, f"glass:{number}", card, f"{key}: update {number}, glass broken")

    async def _begin(self, key: str, place: Place, card: Card) -> Room:
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

    async def _put(self, key: str, name: str, card: Card, summary: str) -> None:
        """Post the card of that name, or put it in place of what was posted under it."""
        room = await self._room(key)
        activity = message(card, summary=summary)
        posted = await self._read(lambda scene: scene.book.rooms.card(key, name))
        if posted and await self._replace(room, posted, activity):
            return
        made = await self._connector.post(room.place.service_url, room.place.conversation, activity)
        await self._keep(key, name, made)

    async def _replace(self, room: Room, posted: str, activity: Card) -> bool:
        try:
            await self._connector.update(
                room.place.service_url, room.place.conversation, posted, activity
            )
        except ConnectorError as failure:
            if failure.status in GONE:
                log.info("room.card_gone", incident=room.incident, status=failure.status)
                return False
            raise
        return True

    async def _outdate(self, key: str, number: int, before: str) -> None:
        """An older draft's card must not look as if it could still be approved."""
        room = await self._room(key)
        posted = await self._read(
            lambda scene: scene.book.rooms.card(key, f"update:{number}:{before}")
        )
        card = await self._look(look.outdated, key, number)
        if posted:
            await self._replace(room, posted, message(card, summary=f"{key}: outdated draft"))

    async def _room(self, key: str) -> Room:
        room = await self._read(lambda scene: scene.book.rooms.of(key))
        if room is None:
            raise NoRoomYet("The war room is not open yet.")
        return room

    async def _summary(self, key: str) -> str:
        return await self._look(look.headline, key)

    async def _keep(self, key: str, name: str, value: str) -> None:
        await self._note(_keep_card, key, name, value)

    async def _note(
        self, act: Callable[Concatenate[Scene, P], None], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Write down what Teams has done already: forgotten, it would be done a second time."""
        async for attempt in patiently("room.note"):
            with attempt:
                await self._desk.do(act, SITREP, "teams", *args, **kwargs)

    async def _read(self, of: Callable[[Scene], T]) -> T:
        return await self._desk.read(of, SITREP, "teams")

    async def _look(
        self,
        of: Callable[Concatenate[Scene, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self._desk.read(of, SITREP, "teams", *args, **kwargs)


async def _reaching(hand: Hand, effect: Effect) -> None:
    """Carry out an effect; that Teams refuses or cannot be reached is nobody's bug."""
    try:
        await hand(effect)
    except ConnectorError as failure:
        raise Unavailable(f"Teams did not take it: {failure}.") from failure


def _where(scene: Scene, key: str) -> Place | None:
    """The channel in which the incident was declared, else the app's; else that chat itself."""
    origin = scene.book.rooms.origin(key)
    if origin and origin.channel:
        return origin
    return scene.book.rooms.home() or origin


def _opened(scene: Scene, room: Room) -> None:
    scene.book.rooms.save(room)
    scene.tell(room.incident, "room.opened", "The war room is open")


def _keep_card(scene: Scene, key: str, name: str, activity: str) -> None:
    scene.book.rooms.keep_card(key, name, activity)


def _drafted(scene: Scene, key: str, number: int) -> str | None:
    """The short hash under which an update's card is kept; None where it was discarded."""
    for update in scene.book.updates.of(key):
        if update.number == number:
            return update.hash[:12]
    return None
