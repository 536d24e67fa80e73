"""Reading an adaptive card: its actions, its inputs, its automatic refresh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.demo.teams.rooms import Json

ADAPTIVE = "application/vnd.microsoft.card.adaptive"


def card_of(activity: Json) -> Json | None:
    """Return the first adaptive card among an activity's attachments."""
    for attachment in activity.get("attachments") or []:
        content = attachment.get("content")
        if attachment.get("contentType") == ADAPTIVE and isinstance(content, dict):
            return content
    return None


def elements(card: Json) -> Iterator[Json]:
    """Everything in a card that has a type: containers, inputs, actions, cards to unfold."""
    pending: list[Any] = [card]
    while pending:
        one = pending.pop(0)
        if isinstance(one, list):
            pending[:0] = one
        elif isinstance(one, dict):
            if str(one.get("type", "")):
                yield one
            # `data` and `fallback` hold what is sent and what is not shown: no elements.
            pending[:0] = [v for k, v in one.items() if k not in {"data", "fallback", "msteams"}]


def verb_of(element: Json) -> str:
    """Return what an action asks of the bot: an Execute's verb, or a Submit's `data.verb`."""
    if not element["type"].startswith("Action."):
        return ""
    data = element.get("data")
    return str(element.get("verb") or (data.get("verb") if isinstance(data, dict) else "") or "")


def find_action(card: Json, verb: str, where: Mapping[str, object] | None = None) -> Json | None:
    """Return the first action that asks for `verb` and whose data has all of `where`."""
    for one in elements(card):
        data = one.get("data")
        own = data if isinstance(data, dict) else {}
        if verb_of(one) == verb and all(own.get(k) == v for k, v in (where or {}).items()):
            return one
    return None


def is_dialog(action: Json) -> bool:
    """True for a Submit that asks Teams to open a dialog."""
    data = action.get("data")
    teams = data.get("msteams") if isinstance(data, dict) else None
    return isinstance(teams, dict) and teams.get("type") == "task/fetch"


def filled(card: Json, action: Json, typed: Json) -> Json:
    """Return what an action sends: its own data, each input as it stands, and what was typed.

    One whose `associatedInputs` are 'none' sends only its own.
    """
    own = action.get("data")
    if action.get("associatedInputs") == "none":
        return dict(own) if isinstance(own, dict) else {}
    standing = {
        one["id"]: one.get("value", "")
        for one in elements(card)
        if one["type"].startswith("Input.") and "id" in one
    }
    return {**standing, **typed, **(own if isinstance(own, dict) else {})}


def refreshes_for(card: Json, teams_id: str, members: int) -> bool:
    """True when Teams refreshes this card by itself for a person who looks at it.

    Without a list of people it does so for everyone, in conversations of up to 60 members.
    """
    refresh = card.get("refresh")
    if not isinstance(refresh, dict) or not isinstance(refresh.get("action"), dict):
        return False
    listed = refresh.get("userIds")
    return teams_id in listed if listed else members <= 60
