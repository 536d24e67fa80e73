"""What the bot answers, and how each kind of invoke wants to hear it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comms.statement import CARD

Card = Mapping[str, object]

MESSAGE = "application/vnd.microsoft.activity.message"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A card, or a sentence. `title` is the dialog's, where the card is a form in one.

    `stays` tells a dialog to stay open with this card: something typed is not right yet.
    """

    card: Card | None = None
    text: str = ""
    title: str = ""
    stays: bool = False


def to_action(answer: Answer) -> dict[str, Any]:
    """Answer an Action.Execute: the card takes the place of the one that was pressed.

    learn.microsoft.com: task-modules-and-cards/cards/universal-actions-for-adaptive-cards
    """
    if answer.card is not None:
        return {"statusCode": 200, "type": CARD, "value": dict(answer.card)}
    return {"statusCode": 200, "type": MESSAGE, "value": answer.text}


def to_fetch(answer: Answer) -> dict[str, Any]:
    """Answer `task/fetch` (and a message extension's): open a dialog."""
    if answer.card is None:
        return _told(answer.text)
    return {
        "task": {
            "type": "continue",
            "value": {
                "title": answer.title,
                "width": "medium",
                "height": "large",
                "card": {"contentType": CARD, "content": dict(answer.card)},
            },
        }
    }


def to_submit(answer: Answer) -> dict[str, Any]:
    """Answer `task/submit`: keep the dialog open with the form, or close it with a sentence."""
    if answer.stays:
        return to_fetch(answer)
    return _told(answer.text)


def _told(text: str) -> dict[str, Any]:
    return {"task": {"type": "message", "value": text or "Done."}}
