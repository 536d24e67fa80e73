"""The card that asks for an update now: what some readers know is out of date."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards.notice import address
from bot.cards.wording import clock, headed, labels
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.people import Person
from comms.plan.model import Plan
from comms.projection import STATUS_LABELS
from comms.update import Update


def changed_card(
    *,
    incident: Incident,
    plan: Plan,
    unaware: Mapping[str, Update],
    to: Person | None,
    draft: int | None = None,
    incident_url: str = "",
) -> dict[str, object]:
    """Return the card. `unaware`: audiences (by name) with the update that each read last."""
    addressed, entities = address(to)
    headline = f"⚠ {labels(unaware, plan)} should hear now, not at the promised time"
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {headline}",
        "entities": entities,
        "tone": "warning",
        "about": True,
        "headline": headline,
        "addressed": addressed,
        "ask": "what they read last no longer holds.",
        "lines": _known(incident, plan, unaware),
        "draft": draft,
    }
    return fill_card("cards/write.json", context)


def current_card(*, incident: Incident, incident_url: str = "") -> dict[str, object]:
    """Return what takes its place once all who were told know."""
    headline = "✔ Everybody who was told before knows of the change"
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {headline}",
        "tone": "default",
        "about": True,
        "addressed": "",
        "headline": headline,
        "lines": [],
    }
    return fill_card("cards/notice.json", context)


def _known(incident: Incident, plan: Plan, unaware: Mapping[str, Update]) -> list[str]:
    """One line per update that somebody still holds for true, and what holds now."""
    read: dict[int, list[str]] = {}
    for name, update in unaware.items():
        read.setdefault(update.number, []).append(name)
    updates = {update.number: update for update in unaware.values()}
    lines = [
        f"{labels(names, plan)} read update {number}"
        f" ({clock(updates[number].approved_at or updates[number].drafted_at, plan)}):"
        f" {updates[number].severity}, {STATUS_LABELS[updates[number].status.value].lower()}"
        for number, names in sorted(read.items())
    ]
    return [*lines, f"Now: {incident.severity}, {STATUS_LABELS[incident.status.value].lower()}"]
