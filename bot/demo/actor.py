"""Plays people in Teams: they look for a button, press it, and fill in what opens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

from bot.demo.cast import Persona
from bot.demo.feed import Feed
from bot.demo.scenario import Fill, Press, Say
from bot.demo.teams.answers import Answer, AnswerKind
from bot.demo.teams.cards import card_of, filled, find_action, is_dialog
from bot.demo.teams.rooms import BOT, Json, Message, Room, RoomKind
from bot.demo.teams.simulator import Simulator

T = TypeVar("T")

PATIENCE = 20.0
"""Real seconds in which what a step needs must have come into sight."""


class StepFailed(Exception):
    """A step could not be done: what it needed never came, or the bot refused it."""


class Actor:
    """Does what people do, as soon as Teams shows what they need for it.

    `on_stage` says which messages a person may look at.
    """

    def __init__(
        self,
        *,
        teams: Simulator,
        feed: Feed,
        on_stage: Callable[[Message, Persona], bool] = lambda _message, _who: True,
        patience: float = PATIENCE,
    ) -> None:
        self._teams = teams
        self._feed = feed
        self._on_stage = on_stage
        self._patience = patience

    async def say(self, who: Persona, act: Say) -> Message:
        """Type a message; StepFailed where the bot does not take it."""
        room = None
        if act.in_war_room:
            room = await self.sight(lambda: self._war_room(who), "a war room")
        message = await self._teams.say(who, act.text, room=room)
        if not message.delivered:
            raise StepFailed("the bot did not take the message")
        return message

    async def press(self, who: Persona, act: Press) -> Answer:
        """Press a button of the newest card that has it; a plain Submit has no answer."""
        message, card, action = await self.button(who, act.verb, act.where)
        data = filled(card, action, dict(act.typed))
        if action["type"] == "Action.Execute":
            return _accepted(await self._teams.execute(who, message, action, data))
        await self._teams.submit(who, message, data)
        return Answer(kind=AnswerKind.NONE)

    async def fill(self, who: Persona, act: Fill) -> Answer:
        """Open a dialog, fill it in and send it; StepFailed where the form comes back."""
        message, form = await self.open(who, act.verb, act.where)
        answer = await self.send(who, message, form, act.submit, act.typed)
        if answer.kind is AnswerKind.DIALOG:
            raise StepFailed("the form came back: something in it is not accepted")
        return answer

    async def open(
        self, who: Persona, verb: str, where: Mapping[str, object] | None = None
    ) -> tuple[Message, Json]:
        """Open the dialog behind a button; return the card's message and the form."""
        message, card, action = await self.button(who, verb, where)
        if not is_dialog(action):
            raise StepFailed(f"'{verb}' opens no dialog")
        answer = _accepted(await self._teams.open_dialog(who, message, filled(card, action, {})))
        if answer.card is None:
            raise StepFailed(answer.text or f"'{verb}' opened no form")
        return message, answer.card

    async def send(
        self, who: Persona, message: Message, form: Json, verb: str, typed: Mapping[str, str]
    ) -> Answer:
        """Press a button of an open form, filled with what was typed."""
        button = find_action(form, verb)
        if button is None:
            raise StepFailed(f"the dialog has no '{verb}'")
        sent = filled(form, button, dict(typed))
        return _accepted(await self._teams.submit_dialog(who, message, sent))

    async def button(
        self, who: Persona, verb: str, where: Mapping[str, object] | None = None
    ) -> tuple[Message, Json, Json]:
        """Wait for a button; return its message, the card as this person sees it, its action."""

        def find() -> tuple[Message, Json, Json] | None:
            for message in self._teams.rooms.newest():
                card = message.views.get(who.key) or card_of(message.activity)
                if card is None or not self._on_stage(message, who):
                    continue
                if action := find_action(card, verb, where):
                    return message, card, action
            return None

        return await self.sight(find, f"a button for '{verb}'")

    async def sight(self, find: Callable[[], T | None], what: str) -> T:
        """Wait until `find` finds; StepFailed names `what` did not come."""
        async with self._feed.listen() as listener:
            try:
                async with asyncio.timeout(self._patience):
                    while (found := find()) is None:
                        await listener.topics()
                    return found
            except TimeoutError:
                raise StepFailed(f"{what} did not appear") from None

    def _war_room(self, who: Persona) -> Room | None:
        """The first thread on stage that the bot opened."""
        for room in self._teams.rooms:
            if room.kind is RoomKind.CHAT or not room.messages:
                continue
            if room.messages[0].sender == BOT and self._on_stage(room.messages[0], who):
                return room
        return None


def _accepted(answer: Answer) -> Answer:
    if answer.is_error:
        raise StepFailed(answer.text)
    return answer
