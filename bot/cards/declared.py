"""The answer to a declaration: it is recorded, and the war room opens."""

from __future__ import annotations

from bot.cards.wording import headed
from comms.channels.teams.card import fill_card
from comms.incident import Incident


def declared_card(*, incident: Incident, incident_url: str = "") -> dict[str, object]:
    """Return what takes the place of the form."""
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key} is declared: {incident.title}",
        "tone": "good",
        "about": True,
        "addressed": "",
        "headline": f"{incident.key} is declared",
        "lines": ["The war room is opening. Thank you for speaking up."],
    }
    return fill_card("cards/notice.json", context)
