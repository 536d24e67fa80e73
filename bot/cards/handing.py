"""Cards by which a role goes from one person to another, with what readers were promised."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards.notice import address
from bot.cards.role import DUTIES
from bot.cards.wording import clock, headed, labels
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.people import Person, Role
from comms.plan.model import Plan
from comms.promise import Promise
from comms.update import Update

Card = dict[str, object]


def offer_card(*, incident: Incident, role: Role, by: str, incident_url: str = "") -> Card:
    """Return the question who takes a role over; `by` (a name) asks."""
    headline = f"Who takes over as {role.label}?"
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {headline}",
        "tone": "accent",
        "about": True,
        "addressed": "",
        "headline": headline,
        "lines": [f"{by} asks. The {role.label} {DUTIES.get(role, 'acts for it')}."],
        "role": role.value,
    }
    return fill_card("cards/offer.json", context)


def handover_card(
    *,
    incident: Incident,
    plan: Plan,
    to: Person,
    owed: Sequence[Promise],
    last: Update | None,
    draft: int | None,
    incident_url: str = "",
) -> Card:
    """Return what a new comms lead takes over: what is owed to whom by when, soonest first."""
    addressed, entities = address(to)
    headline = f"{to.name} is comms lead, and keeps the promises from here"
    dues = [f"{labels([p.audience], plan)}: by {clock(p.due_at, plan)}" for p in owed]
    read = f"Last sent: update {last.number}." if last else "Nothing has been sent yet."
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {headline}",
        "entities": entities,
        "tone": "accent",
        "about": True,
        "headline": headline,
        "addressed": addressed,
        "ask": "readers wait for these updates.",
        "lines": [*dues, read],
        "draft": draft,
    }
    return fill_card("cards/write.json", context)
