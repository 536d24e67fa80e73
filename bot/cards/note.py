"""The form for a line of the timeline, and the card that shows it written."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards.form import filled, limit
from bot.cards.wording import clock, headed
from comms.channels.teams.card import fill_card, fill_form
from comms.incident import Incident
from comms.plan.model import Plan
from comms.timeline import Entry

FIELDS = ("text",)

POINTERS = {"/text": "text"}
"""From an error's pointer to the input that shows it."""


def note_card(
    *,
    incident: Incident,
    form_id: str,
    typed: Mapping[str, object] | None = None,
    errors: Mapping[str, str] | None = None,
    in_dialog: bool = True,
) -> dict[str, object]:
    """Return the form. `form_id` comes back with it: sent twice, it writes one line."""
    context = headed(incident) | {
        "fallback": f"{incident.key}: write a note. This client cannot show the form.",
        "in_dialog": in_dialog,
        "form_id": form_id,
        "errors": errors or {},
    }
    form = filled(FIELDS, typed or {})
    return fill_form("cards/note.json", context, form, limit=limit(in_dialog))


def noted_card(
    *, incident: Incident, entry: Entry, plan: Plan, incident_url: str = ""
) -> dict[str, object]:
    """Return the card of a line that is in the timeline now."""
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: note by {entry.by.name}",
        "by": f"Note by {entry.by.name}, {clock(entry.at, plan)}",
        "text": entry.text,
    }
    return fill_card("cards/noted.json", context)
