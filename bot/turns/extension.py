"""The message extension: find incidents, and declare one from a message."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.cards.answer import found_card, found_preview
from bot.turns import declaring
from bot.turns.answer import to_fetch
from bot.turns.door import Door
from bot.turns.press import Press
from comms.desk import Scene
from comms.statement import CARD

THUMBNAIL = "application/vnd.microsoft.card.thumbnail"
SHOWN = 10
_TAG = re.compile(r"<[^>]+>")


async def find(door: Door, press: Press, value: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a search with the incidents that have all the words, newest first."""
    words = ""
    for parameter in value.get("parameters") or ():
        # Teams asks once with 'initialRun' before anything is typed.
        if isinstance(parameter, Mapping) and parameter.get("name") != "initialRun":
            words = str(parameter.get("value") or "")
    found = await door.read(press, _found, words[:200])
    return {
        "composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": found}
    }


async def open_form(door: Door, press: Press, value: Mapping[str, Any]) -> dict[str, Any]:
    """Open the declare form; a message that it was called on gives the title and the summary."""
    text = _text_of(value.get("messagePayload"))
    first, _, _ = text.partition("\n")
    typed = {"title": first[:120].strip(), "summary": text[:2000] if text != first else ""}
    return to_fetch(await declaring.open_form(door, replace(press, data=typed, in_dialog=True)))


async def submit(door: Door, press: Press) -> dict[str, Any]:
    """Declare; with an error the form stays open."""
    # The form's own number keeps it from declaring twice, and finds what it declared.
    answer = await declaring.submit(door, replace(press, in_dialog=True, once=None))
    if answer.stays:
        return to_fetch(answer)
    return to_fetch(replace(answer, card=None))


def _found(scene: Scene, words: str) -> list[dict[str, Any]]:
    return [
        {
            "contentType": CARD,
            "content": found_card(
                incident=incident,
                plan=scene.plan,
                incident_url=scene.house.incident_url(incident.key),
            ),
            "preview": {
                "contentType": THUMBNAIL,
                "content": found_preview(incident, scene.plan),
            },
        }
        for incident in scene.book.incidents.find(words=words, limit=SHOWN)
    ]


def _text_of(message: object) -> str:
    """The message's text; Teams gives its body as HTML."""
    body = message.get("body") if isinstance(message, Mapping) else None
    if not isinstance(body, Mapping):
        return ""
    content = str(body.get("content") or "")
    if body.get("contentType") == "html":
        lines = re.sub(r"<(?:br|/p|/div|/li)\b[^>]*>", "\n", content, flags=re.IGNORECASE)
        content = html.unescape(_TAG.sub("", lines))
    return "\n".join(line.strip() for line in content.splitlines() if line.strip())
