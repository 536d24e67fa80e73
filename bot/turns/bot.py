"""The bot: one turn for each activity that the edge admits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.schema import Activity

from bot.cards.kept import kept_card
from bot.cards.notice import problem_card
from bot.edge.adapter import RAW
from bot.edge.connector import Connector, ConnectorError
from bot.edge.messages import SORRY
from bot.room.post import message, words
from bot.turns import commands, extension
from bot.turns.answer import Answer, to_action, to_fetch, to_submit
from bot.turns.door import Door, Repeated
from bot.turns.forms import new_nonce
from bot.turns.press import Once, Press, verb_of
from bot.turns.presses import pressed
from bot.turns.sender import home, place, sender
from comms.acts.rooms import arrive, meet
from comms.desk import Scene
from comms.errors import SitrepError, Unavailable
from comms.lull import Lull
from comms.people import Person
from comms.room import Place

log = structlog.get_logger()

Raw = Mapping[str, Any]


class Bot:
    """Answers activities at once; what takes longer is left to the outbox or sent afterwards.

    Each activity is acted on once, however often the channel delivers it: its id is a unique row.
    """

    def __init__(self, *, door: Door, connector: Connector, lull: Lull) -> None:
        self._door = door
        self._lull = lull
        self._connector = connector
        self._addresses: dict[str, str] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def on_turn(self, turn: TurnContext) -> None:
        """Run one turn."""
        with self._lull.answering():
            await self._turn(turn)

    async def apologise(self, turn: TurnContext, failed: Exception) -> None:
        """Tell whoever typed a message that it could not be done; an invoke is answered itself."""
        if turn.activity.type == "message":
            wrong = failed if isinstance(failed, SitrepError) else SitrepError(SORRY)
            self._later(self._send(turn.turn_state[RAW], _problem(wrong)))

    async def _turn(self, turn: TurnContext) -> None:
        raw: Raw = turn.turn_state[RAW]
        self._later(self._refresh_address(raw))
        match raw["type"]:
            case "message":
                await self._on_message(raw)
            case "invoke":
                body = await self._on_invoke(raw)
                await turn.send_activity(
                    Activity(type="invokeResponse", value=InvokeResponse(status=200, body=body))
                )
            case "conversationUpdate" | "installationUpdate":
                await self._on_installed(raw)
            case _:
                pass  # typing, reactions and the like ask for nothing

    async def finish(self) -> None:
        """Wait for what is still being sent or kept."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=2)

    async def _on_message(self, raw: Raw) -> None:
        try:
            answer = await self._answered(_press(raw, raw.get("value")), raw)
        except Repeated:
            log.info("activity.repeated", kind="message")
            return
        # After the channel has its 200: a slow connector must not make it ask again.
        self._later(self._send(raw, answer))

    async def _answered(self, press: Press, raw: Raw) -> Answer:
        """Answer a message; Repeated where it was acted on or answered before."""
        try:
            answer = await self._answer(press, raw)
        except Unavailable as wrong:
            return _problem(wrong)
        except SitrepError as wrong:
            answer = _problem(wrong)
        await self._keep_seen(press)
        return answer

    async def _keep_seen(self, press: Press) -> None:
        """Keep that a message was seen, where no act has: it is answered once."""
        if press.once and not press.once.kept:
            try:
                await self._door.do(press, _nothing)
            except Unavailable as wrong:
                # Who asked has the answer all the same; asked again, it is given again.
                log.warning("activity.not_kept", why=wrong.detail)

    async def _answer(self, press: Press, raw: Raw) -> Answer:
        if press.verb:
            return await pressed(self._door, press)
        nonce = press.once.id if press.once else new_nonce()
        return await commands.said(self._door, press, commands.words_of(raw), nonce)

    async def _on_invoke(self, raw: Raw) -> dict[str, Any] | None:
        value = raw.get("value")
        value = value if isinstance(value, Mapping) else {}
        match raw["name"]:
            case "adaptiveCard/action":
                return to_action(await self._pressed(_executed(raw, value["action"])))
            case "task/fetch":
                return to_fetch(await self._pressed(_press(raw, value.get("data"), True)))
            case "task/submit":
                return to_submit(await self._sent_in(_press(raw, value.get("data"), True)))
            case "composeExtension/query":
                return await extension.find(self._door, _press(raw, None), value)
            case "composeExtension/fetchTask":
                return await extension.open_form(self._door, _press(raw, None), value)
            case "composeExtension/submitAction":
                return await extension.submit(self._door, _press(raw, value.get("data")))
            case name:
                raise SitrepError(f"Sitrep does not know {str(name)[:60]!r}.")

    async def _pressed(self, press: Press) -> Answer:
        try:
            return await pressed(self._door, press)
        except Repeated:
            log.info("activity.repeated", kind="invoke")
            return Answer(text="This was done already.")

    async def _sent_in(self, press: Press) -> Answer:
        """Take a dialog's form. Where it cannot even be drawn again, keep what was typed in it."""
        try:
            return await self._pressed(press)
        except Unavailable as wrong:
            return Answer(card=kept_card(wrong, press.data), title="Not sent", stays=True)

    async def _on_installed(self, raw: Raw) -> None:
        """The app was added to a team: its channel is where war rooms open."""
        recipient = raw.get("recipient")
        bot = recipient.get("id") if isinstance(recipient, Mapping) else None
        added = [m.get("id") for m in raw.get("membersAdded") or () if isinstance(m, Mapping)]
        if raw.get("action") == "add" or bot in added:
            here = home(place(raw))
            await self._door.desk.do(arrive, sender(raw), "teams", here)
            log.info("teams.installed", in_channel=bool(here.channel))

    async def _refresh_address(self, raw: Raw) -> None:
        """The connector's address of a place may change with any activity."""
        here = home(place(raw))
        is_kept = here.channel or here.personal
        if not is_kept or self._addresses.get(here.conversation) == here.service_url:
            return
        try:
            await self._keep(here, sender(raw))
        except Unavailable as wrong:
            log.warning("address.not_kept", why=wrong.detail)  # the next activity tries again
        else:
            self._addresses[here.conversation] = here.service_url

    async def _keep(self, here: Place, by: Person) -> None:
        if here.personal:
            known = await self._door.directory.known(by, here)
            await self._door.desk.do(meet, known, "teams", known, here)
        else:
            await self._door.desk.do(arrive, by, "teams", here)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what nobody's answer waits for."""
        begun = asyncio.create_task(work)
        self._under_way.add(begun)
        begun.add_done_callback(self._under_way.discard)

    async def _send(self, raw: Raw, answer: Answer) -> None:
        here = place(raw)
        activity = (
            message(answer.card, summary=answer.text or "Sitrep")
            if answer.card is not None
            else words(answer.text)
        )
        try:
            await self._reply(here, str(raw.get("id") or ""), activity)
        except ConnectorError as failure:
            log.warning("reply.failed", status=failure.status, code=failure.code)

    async def _reply(self, here: Place, to: str, activity: dict[str, Any]) -> None:
        if to:
            await self._connector.reply(here.service_url, here.conversation, to, activity)
        else:
            await self._connector.post(here.service_url, here.conversation, activity)


def _problem(wrong: SitrepError) -> Answer:
    return Answer(card=problem_card(wrong), text=wrong.detail)


def _press(raw: Raw, data: object, in_dialog: bool = False) -> Press:
    given = data if isinstance(data, Mapping) else {}
    return Press(
        verb=verb_of(given),
        data=given,
        by=sender(raw),
        place=place(raw),
        in_dialog=in_dialog,
        once=_once(raw),
    )


def _executed(raw: Raw, action: Raw) -> Press:
    data = action.get("data")
    given = data if isinstance(data, Mapping) else {}
    verb = str(action.get("verb") or "") or verb_of(given)
    return Press(verb=verb, data=given, by=sender(raw), place=place(raw), once=_once(raw))


def _once(raw: Raw) -> Once | None:
    """The activity's id, unique over all conversations; some clients give none."""
    return Once(id=f"{place(raw).conversation}:{raw['id']}") if raw.get("id") else None


def _nothing(_scene: Scene) -> None:
    """An act that leaves only the message's sighting."""
