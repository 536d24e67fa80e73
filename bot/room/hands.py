"""The hands of the outbox: what acts ask of the war room, carried out in Teams.

Each may be called again for the same effect after a crash. What is shown is read from the book
when it is shown, so a late hand shows the present state and never an old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from bot.edge.connector import Connector, ConnectorError
from bot.room import look
from bot.room.clerk import Clerk
from bot.room.opening import GONE, NoRoomYet, Opening
from bot.room.post import Card, message
from comms.acts.rooms import is_needed
from comms.desk import Desk, Scene
from comms.errors import SitrepError, Unavailable
from comms.outage import Outage
from comms.outbox import Effect, Hand
from comms.people import Role
from comms.plan.model import ChannelName
from comms.room import Room

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

REFUSED = frozenset({400, 413})
"""However often it is tried, Teams will not take this."""


class Hands:
    """Opens the war room and keeps its cards up to date."""

    def __init__(self, *, desk: Desk, connector: Connector, bot_id: str) -> None:
        self._clerk = Clerk(desk)
        self._connector = connector
        self._opening = Opening(clerk=self._clerk, connector=connector, bot_id=bot_id)

    def by_kind(self) -> Mapping[str, Hand]:
        """Which hand carries out which kind of effect."""
        hands: Mapping[str, Hand] = {
            "room.open": self._opening.open,
            "room.refresh": self.refresh,
            "room.update": self.show_update,
            "room.approver": self.ask_approver,
            "room.reach": self.show_reach,
            "room.ask": self.show_ask,
            "room.unmet": self.remind,
            "room.nudge": self.nudge,
            "room.answered": self.settle_nudge,
            "room.offer": self.offer_role,
            "room.checklist": self.show_checklist,
            "room.handover": self.hand_over,
            "room.changed": self.ask_for_update,
            "room.current": self.settle_change,
            "room.countdown": self.show_countdown,
            "room.deadline": self.remind_of_deadline,
            "room.glass": self.show_broken_glass,
            "room.outage": self.show_outage,
        }
        return {kind: partial(self._carry, hand) for kind, hand in hands.items()}

    async def refresh(self, effect: Effect) -> None:
        """Put the incident's present state into the war-room card."""
        room = await self._room(effect.incident)
        card = message(
            await self._clerk.read(look.war_room, effect.incident),
            summary=await self._clerk.read(look.headline, effect.incident),
        )
        await self._replace(room, room.card, card)

    async def show_update(self, effect: Effect) -> None:
        """Show a draft to those who approve it; what it shows later replaces it in place."""
        key, number = effect.incident, int(effect.payload["number"])
        seen = await self._clerk.read(_drafted, key, number)
        if seen is None:
            await self._discard(key, number)
            return
        card = await self._clerk.read(look.update, key, number)
        await self._put(key, f"update:{number}:{seen}", card, f"{key}: update {number}")
        before = await self._clerk.card(key, f"update:{number}")
        if before and before != seen:
            card = await self._clerk.read(look.outdated, key, number)
            await self._take_back(key, f"update:{number}:{before}", card)
        await self._clerk.keep(key, f"update:{number}", seen)
        request = await self._clerk.read(look.answered_approver, key, number)
        if request is not None:
            await self._take_back(key, f"approver:{number}", request)

    async def ask_approver(self, effect: Effect) -> None:
        """Ask the next one to approve, with a card of its own; an older one says the same."""
        key, number = effect.incident, int(effect.payload["number"])
        card = await self._clerk.read(look.approver, key, number)
        if card is not None:
            await self._take_back(key, f"approver:{number}", card)
            await self._post(key, f"approver:{number}", card, f"{key}: approval is asked of you")

    async def show_reach(self, effect: Effect) -> None:
        """Show how far an update has got."""
        key, number = effect.incident, int(effect.payload["number"])
        card = await self._clerk.read(look.reached, key, number)
        await self._put(key, f"reach:{number}", card, f"{key}: reach of update {number}")

    async def show_ask(self, effect: Effect) -> None:
        """Show an ask with its button, or what became of it."""
        ask = int(effect.payload["ask"])
        card = await self._clerk.read(look.asked, ask)
        await self._put(effect.incident, f"ask:{ask}", card, f"{effect.incident}: needed")
        await self._take_back(effect.incident, f"ask:{ask}:unmet", card)

    async def remind(self, effect: Effect) -> None:
        """Remind of an ask that is not met, with a card of its own; the last one steps back."""
        key, ask = effect.incident, int(effect.payload["ask"])
        card = await self._clerk.read(look.unmet, ask)
        if card is None:
            return
        name = f"ask:{ask}:unmet"
        await self._take_back(key, name, await self._clerk.read(look.asked, ask))
        await self._post(key, name, card, f"{key}: still needed")

    async def nudge(self, effect: Effect) -> None:
        """Remind whoever is to act that an update is due, or overdue."""
        key = effect.incident
        card = await self._clerk.read(
            look.nudge,
            key,
            str(effect.payload["step"]),
            datetime.fromisoformat(str(effect.payload["due_at"])),
        )
        if card is not None:
            await self._put(key, effect.key, card, f"{key}: next update")

    async def settle_nudge(self, effect: Effect) -> None:
        """Let a nudge that was answered or put off say so, and ask for nothing any more."""
        key, name = effect.incident, str(effect.payload["nudge"])
        posted = await self._clerk.card(key, name)
        if posted is None:
            return
        card = await self._clerk.read(
            look.settled_nudge,
            key,
            str(effect.payload["step"]),
            datetime.fromisoformat(str(effect.payload["due_at"])),
        )
        if card is not None:
            room = await self._room(key)
            await self._replace(room, posted, message(card, summary=f"{key}: next update"))

    async def offer_role(self, effect: Effect) -> None:
        """Ask who takes a role over; the card of an earlier offer steps back."""
        key, role = effect.incident, Role(str(effect.payload["role"]))
        card = await self._clerk.read(look.offer, key, role, str(effect.payload["by"]))
        await self._post(key, f"offer:{role}", card, f"{key}: {role.label}")

    async def show_checklist(self, effect: Effect) -> None:
        """Show a role's checklist to whoever takes the role; an earlier one steps back."""
        key, role = effect.incident, Role(str(effect.payload["role"]))
        name, summary = f"checklist:{role}", f"{effect.incident}: {role.label}"
        card = await self._clerk.read(look.checklist, key, role)
        if not effect.payload["anew"]:
            await self._put(key, name, card, summary)
            return
        moved = await self._clerk.read(look.checklist, key, role, moved=True)
        await self._take_back(key, name, moved)
        await self._post(key, name, card, summary)

    async def hand_over(self, effect: Effect) -> None:
        """Tell the new comms lead what is owed; the offer that was answered says so."""
        key = effect.incident
        card = await self._clerk.read(look.handover, key)
        if card is not None:
            await self._post(key, "handover", card, f"{key}: promises handed over")
            await self._take_back(key, f"offer:{Role.COMMS_LEAD}", card)

    async def ask_for_update(self, effect: Effect) -> None:
        """Ask for an update now, with a card of its own; an older one steps back."""
        key = effect.incident
        await self._take_back(key, "changed", await self._clerk.read(look.settled_change, key))
        card = await self._clerk.read(look.changed, key)
        if card is not None:
            await self._post(key, "changed", card, f"{key}: readers should hear now")

    async def settle_change(self, effect: Effect) -> None:
        """Let the request for an update say who has not heard yet, or that all have."""
        key = effect.incident
        await self._take_back(key, "changed", await self._clerk.read(look.settled_change, key))

    async def show_countdown(self, effect: Effect) -> None:
        """Show a regulator's clock; its reminders step back."""
        key, number = effect.incident, int(effect.payload["countdown"])
        card = await self._clerk.read(look.countdown, number)
        await self._put(key, f"countdown:{number}", card, f"{key}: regulator")
        await self._take_back(key, f"countdown:{number}:due", card)

    async def remind_of_deadline(self, effect: Effect) -> None:
        """Remind of a filing, with a card of its own; an older one steps back."""
        key, number = effect.incident, int(effect.payload["countdown"])
        card = await self._clerk.read(look.deadline, number, str(effect.payload["stage"]))
        if card is not None:
            name = f"countdown:{number}:due"
            await self._take_back(key, name, await self._clerk.read(look.countdown, number))
            await self._post(key, name, card, f"{key}: a filing is due")

    async def show_broken_glass(self, effect: Effect) -> None:
        """Say that an update went out without the approval that the plan asks for."""
        key, number = effect.incident, int(effect.payload["number"])
        card = await self._clerk.read(look.broken_glass, key, number)
        if card is not None:
            await self._put(key, f"glass:{number}", card, f"{key}: update {number}, glass broken")

    async def show_outage(self, effect: Effect) -> None:
        """Say that a channel is out; the same card says later that it works again."""
        key, told = effect.incident, effect.payload
        outage = Outage(
            channel=ChannelName(str(told["channel"])),
            since=datetime.fromisoformat(str(told["since"])),
            why=str(told["why"]),
        )
        ended_at = datetime.fromisoformat(str(told["ended_at"])) if told["ended_at"] else None
        card = await self._clerk.read(look.outage, key, outage, ended_at)
        name = f"outage:{outage.channel}:{told['since']}"
        await self._put(key, name, card, f"{key}: {outage.channel} is out")

    async def _put(self, key: str, name: str, card: Card, summary: str) -> None:
        """Post the card of that name, or put it in place of what was posted under it."""
        room = await self._room(key)
        activity = message(card, summary=summary)
        posted = await self._clerk.card(key, name)
        if not (posted and await self._replace(room, posted, activity)):
            await self._post(key, name, card, summary)

    async def _post(self, key: str, name: str, card: Card, summary: str) -> None:
        """Post the card under that name, below all that has been said."""
        place = (await self._room(key)).place
        activity = message(card, summary=summary)
        made = await self._connector.post(place.service_url, place.conversation, activity)
        await self._clerk.keep(key, name, made)

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

    async def _discard(self, key: str, number: int) -> None:
        before = await self._clerk.card(key, f"update:{number}")
        card = await self._clerk.read(look.discarded, key, number)
        if before and card:
            await self._take_back(key, f"update:{number}:{before}", card)
            await self._take_back(key, f"approver:{number}", card)

    async def _take_back(self, key: str, name: str, card: Card) -> None:
        """Put a newer card in place of what was posted under that name, if anything was."""
        posted = await self._clerk.card(key, name)
        if posted:
            room = await self._room(key)
            await self._replace(room, posted, message(card, summary=f"{key}: brought up to date"))

    async def _room(self, key: str) -> Room:
        room = await self._clerk.read(_room, key)
        if room is None:
            raise NoRoomYet("The war room is not open yet.")
        return room

    async def _carry(self, hand: Hand, effect: Effect) -> None:
        """Carry out an effect; that Teams refuses or cannot be reached is nobody's bug.

        What the war room of an incident that is over was to show is let go where it never opened.
        """
        try:
            await hand(effect)
        except NoRoomYet:
            if await self._clerk.read(is_needed, effect.incident):
                raise
        except ConnectorError as failure:
            if failure.status in REFUSED:
                raise SitrepError(f"Teams refuses it: {failure}.") from failure
            raise Unavailable(f"Teams did not take it: {failure}.") from failure


def _room(scene: Scene, key: str) -> Room | None:
    return scene.book.rooms.of(key)


def _drafted(scene: Scene, key: str, number: int) -> str | None:
    """The short hash under which an update's card is kept; None where it was discarded."""
    for update in scene.book.updates.of(key):
        if update.number == number:
            return update.hash[:12]
    return None
