"""Message commands: what people type to the bot."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.cards.answer import answer_card, incidents_card
from bot.cards.help import help_card
from bot.cards.role import role_card
from bot.room import look
from bot.turns import declaring, leading, reporting
from bot.turns.answer import Answer
from bot.turns.door import Door
from bot.turns.press import Press
from comms.acts.incident import assign, change_severity, note
from comms.acts.kind import last_approved
from comms.desk import Scene
from comms.errors import Invalid
from comms.plan.model import ChannelName
from comms.statement import PLAIN, Statement
from comms.update import Update

_KEY = re.compile(r"\bINC-\d+\b", re.IGNORECASE)
_MENTION = re.compile(r"<at\b[^>]*>.*?</at>", re.IGNORECASE | re.DOTALL)


def words_of(raw: Mapping[str, Any]) -> str:
    """Return what was typed, without the mention of the bot."""
    text = str(raw.get("text") or "")
    bot = raw.get("recipient")
    bot_id = bot.get("id") if isinstance(bot, Mapping) else None
    for entity in raw.get("entities") or ():
        if not isinstance(entity, Mapping) or entity.get("type") != "mention":
            continue
        mentioned = entity.get("mentioned")
        if isinstance(mentioned, Mapping) and mentioned.get("id") == bot_id:
            text = text.replace(str(entity.get("text") or "\0"), " ")
    if raw.get("textFormat") == "xml":
        text = html.unescape(_MENTION.sub(" ", text))
    return " ".join(text.split())


async def said(door: Door, press: Press, words: str, nonce: str) -> Answer:
    """Do what a message asks for. An unknown one gets help, never silence.

    `nonce` is the message's own: delivered twice, it declares once.
    """
    command, _, rest = words.partition(" ")
    command, rest = command.lower().rstrip(":"), rest.strip()
    if command in {"declare", "suspect"}:
        only = command == "suspect"
        return await declaring.from_words(door, press, rest, nonce, suspected=only)
    if command in {"", "help", "hi", "hello", "?"}:
        return Answer(card=help_card())
    if command in {"incidents", "list"}:
        return Answer(card=await door.read(press, _open_incidents))
    turn = _ABOUT_ONE.get(command)
    if turn is None:
        return Answer(card=help_card(), text=f"I do not know {command[:40]!r}.")
    about = await _about(door, press, rest)
    return await turn(door, about, _KEY.sub("", rest, count=1).strip())


async def _status(door: Door, press: Press, _rest: str) -> Answer:
    return Answer(card=await door.read(press, _status_of, press.incident))


async def _update(door: Door, press: Press, _rest: str) -> Answer:
    return await reporting.open_form(door, press)


async def _resolve(door: Door, press: Press, _rest: str) -> Answer:
    return await leading.open_end(door, press)


async def _note(door: Door, press: Press, rest: str) -> Answer:
    if not rest:
        return await leading.open_note(door, press)
    await door.do(press, note, press.incident, rest)
    return Answer(text="Noted in the timeline.")


async def _take(door: Door, press: Press, rest: str) -> Answer:
    if not rest:
        return Answer(card=await door.read(press, _roles, press.incident))
    role = leading.role_of(rest)
    incident = await door.do(
        press, assign, press.incident, role=role, person=await door.known(press)
    )
    return Answer(text=f"{press.by.name} is {role.label} of {incident.key}.")


async def _severity(door: Door, press: Press, rest: str) -> Answer:
    severity = declaring.severity_of(rest)
    incident = await door.do(press, change_severity, press.incident, severity)
    return Answer(text=f"{incident.key} is {incident.severity} now.")


async def _reach(door: Door, press: Press, _rest: str) -> Answer:
    return Answer(card=await door.read(press, _last_reach, press.incident))


_ABOUT_ONE = {
    "status": _status,
    "update": _update,
    "resolve": _resolve,
    "note": _note,
    "take": _take,
    "role": _take,
    "severity": _severity,
    "reach": _reach,
}


async def _about(door: Door, press: Press, rest: str) -> Press:
    """The incident that was named, or whose war room this is, or the only open one."""
    named = _KEY.search(rest)
    key = named[0].upper() if named else await door.read(press, _here, press.place.conversation)
    if not key:
        raise Invalid("Which incident? Name it, for example: status INC-41.")
    return replace(press, data={**press.data, "incident": key})


def _here(scene: Scene, conversation: str) -> str | None:
    at = scene.book.rooms.at(conversation)
    if at:
        return at
    under_way = scene.book.incidents.find(open_only=True, limit=2)
    return under_way[0].key if len(under_way) == 1 else None


def _open_incidents(scene: Scene) -> dict[str, object]:
    return incidents_card(
        incidents=scene.book.incidents.find(open_only=True, limit=10), plan=scene.plan
    )


def _roles(scene: Scene, key: str) -> dict[str, object]:
    return role_card(incident=scene.book.incidents.get(key))


def _last_reach(scene: Scene, key: str) -> dict[str, object]:
    sent = last_approved(scene, key)
    if sent is None:
        raise Invalid(f"No update of {key} has been sent yet.")
    return look.reached(scene, key, sent.number)


def _status_of(scene: Scene, key: str) -> dict[str, object]:
    """What anybody may know: the last approved text of the most public audience that was told."""
    incident = scene.book.incidents.get(key)
    sent = last_approved(scene, incident.key)
    told = _most_public(scene, sent) if sent else None
    owed = [
        promise.due_at
        for promise in scene.book.promises.of(incident.key)
        if told and promise.is_owed and promise.audience == told.audience
    ]
    return answer_card(
        key=incident.key,
        update=sent if told else None,
        text=told.parts[PLAIN] if told else "",
        next_update=min(owed, default=None),
        plan=scene.plan,
    )


def _most_public(scene: Scene, sent: Update) -> Statement | None:
    """The statement of the audience that comes last in the plan; never the responders' own."""
    told = [s for s in scene.book.updates.statements(sent) if s.channel is not ChannelName.TEAMS]
    return max(
        told, key=lambda s: (scene.plan.look_up(s.audience).position, s.channel), default=None
    )
