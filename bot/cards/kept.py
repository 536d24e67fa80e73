"""What takes the place of a form that could not be taken: all that was typed, to send again."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards.form import limit
from comms.channels.teams.card import fill_form
from comms.errors import SitrepError

LABELS = {
    "title": "Title",
    "summary": "Summary",
    "services": "Services",
    "text": "Note",
    "conditions": "Conditions",
    "doing": "Doing now",
    "done": "Done",
    "next": "Next",
    "needs": "Needs",
    "risk": "Risk",
    "symptom": "What customers notice",
    "scope": "Who is affected",
    "workaround": "What they can do",
}
"""The inputs in which people write, of all forms; what is only chosen goes along unseen."""


def kept_card(error: SitrepError, sent: Mapping[str, object]) -> dict[str, object]:
    """Return the card for a dialog. `sent` is the form's data, its button's `verb` included.

    It is made of nothing but that: the book may not be there to be read.
    """
    written = {name: str(sent[name]) for name in LABELS if sent.get(name)}
    along = {name: value for name, value in sent.items() if name not in {*written, "msteams"}}
    context: dict[str, object] = {
        "fallback": error.title,
        "in_dialog": True,
        "title": error.title,
        "errors": {"": error.told},
        "labels": LABELS,
        "along": along,
    }
    return fill_form("cards/kept.json", context, written, limit=limit(in_dialog=True))
