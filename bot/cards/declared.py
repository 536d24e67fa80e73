"""The answer to a declaration: it is recorded, and the war room opens."""

from __future__ import annotations

from bot.cards.wording import headed
from comms.channels.teams.card import fill_card
from comms.incident import Incident, Status


def declared_card(*, incident: Incident, incident_url: str = "") -> dict[str, object]:
    """Return what takes the place of the form."""
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{named(incident)}: {incident.title}",
        "tone": "good",
        "about": True,
        "addressed": "",
        "headline": named(incident),
        "lines": ["The war room is opening. Thank you for speaking up.", *_triage(incident)],
    }
    return fill_card("cards/notice.json", context)


def named(incident: Incident) -> str:
    """'INC-41 is declared', or what it is while nobody is sure."""
    return f"{incident.key} is {'suspected' if _is_open_question(incident) else 'declared'}"


def _triage(incident: Incident) -> list[str]:
    if not _is_open_question(incident):
        return []
    return ["Nobody is promised anything until it is confirmed there, or closed as a false alarm."]


def _is_open_question(incident: Incident) -> bool:
    return incident.status is Status.TRIAGE
