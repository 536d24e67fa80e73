"""Activities that the app posts by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comms.people import Person
from comms.statement import CARD

Card = Mapping[str, object]


def message(
    card: Card, *, summary: str, tag: Mapping[str, str | int] | None = None
) -> dict[str, Any]:
    """Return a message activity that shows a card. `summary` is the text of its notification.

    `tag` says which update the message delivers, for whoever counts what has arrived.
    """
    activity: dict[str, Any] = {
        "type": "message",
        "summary": summary,
        "attachments": [{"contentType": CARD, "content": dict(card)}],
    }
    if tag:
        activity["channelData"] = {"sitrep": dict(tag)}
    return activity


def words(text: str) -> dict[str, Any]:
    """Return a message activity that shows plain text as it is."""
    return {"type": "message", "text": text, "textFormat": "plain"}


def mentionable(person: Person | None) -> Person | None:
    """The person, if the channel can notify them."""
    return person if person and person.teams_id else None
