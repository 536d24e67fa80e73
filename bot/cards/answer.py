"""What anybody is told who asks: how an incident stands, from approved text only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards.wording import clock, headed
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.moment import moment
from comms.plan.model import Plan
from comms.projection import STATUS_LABELS
from comms.update import Update

_NOTHING_YET = "It is known and being worked on. Nothing has been approved to be said yet."


def answer_card(
    *, key: str, update: Update | None, text: str, next_update: datetime | None, plan: Plan
) -> dict[str, object]:
    """Return the answer to 'status INC-41'.

    `text` is the plain text of the last approved `update` as the asker's audience read it;
    `update` None: nothing has been approved yet. `next_update` is the promise in UTC, if any.
    """
    context: dict[str, object] = {
        "fallback": f"Status of {key}",
        "key": key,
        "status_label": STATUS_LABELS[update.status.value] if update else "",
        "text": text if update else _NOTHING_YET,
        "as_of": _as_of(update, plan) if update else "",
        "next": f"Next update by {clock(next_update, plan)}" if next_update else "",
    }
    return fill_card("cards/answer.json", context)


def incidents_card(*, incidents: Sequence[Incident], plan: Plan) -> dict[str, object]:
    """Return the list of incidents, worst and newest first; each can be asked for."""
    ordered = sorted(incidents, key=lambda i: (i.severity.rank, -i.declared_at.timestamp()))
    rows = [headed(incident) | {"note": incident_note(incident, plan)} for incident in ordered]
    context = {"fallback": f"{len(rows)} incidents", "rows": rows}
    return fill_card("cards/incidents.json", context)


def found_card(*, incident: Incident, plan: Plan, incident_url: str = "") -> dict[str, object]:
    """Return the card that the message extension puts into a message."""
    context = {
        "fallback": f"{incident.key}: {incident.title}",
        "tone": "default",
        "about": False,
        "addressed": "",
        "headline": f"{incident.key} · {incident.severity.value} · {incident.title}",
        "lines": [incident_note(incident, plan)],
        "incident_url": incident_url,
    }
    return fill_card("cards/notice.json", context)


def found_preview(incident: Incident, plan: Plan) -> dict[str, str]:
    """Return the result's line in the search list, as a thumbnail card's content (plain text)."""
    return {
        "title": f"{incident.key} · {incident.severity.value} · {incident.title}",
        "text": incident_note(incident, plan),
    }


def incident_note(incident: Incident, plan: Plan) -> str:
    """Return 'Investigating · since Sat 21 Nov 2026, 09:12 UTC'."""
    since = moment(incident.declared_at, plan.time_zone).full
    return f"{STATUS_LABELS[incident.status.value]} · since {since}"


def _as_of(update: Update, plan: Plan) -> str:
    at = moment(update.approved_at or update.drafted_at, plan.time_zone).full
    return f"Update {update.number}, {at}"
