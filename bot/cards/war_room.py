"""The war room's card: one per incident, updated in place for as long as it is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.cards.reach import reach_line
from bot.cards.views import Ask, Promise, Reach
from bot.cards.wording import SEVERITY_HELP, clock, headed
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.people import TAKEABLE
from comms.report import Basis

ASKS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The conditions of the last report, and how old they are. `approved`: everybody may know."""

    text: str
    basis: Basis
    number: int
    at: datetime
    approved: bool


def war_room_card(
    *,
    incident: Incident,
    zone: ZoneInfo,
    conditions: Conditions | None = None,
    promises: Sequence[Promise] = (),
    asks: Sequence[Ask] = (),
    reach: Reach | None = None,
    incident_url: str = "",
) -> dict[str, object]:
    """Return the card in the incident's present state; a resolved one has no more to press.

    Asks that are met are left out. Times are printed in `zone`.
    """
    unmet = [ask for ask in asks if not ask.met]
    left = len(unmet) - ASKS_SHOWN
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key} {incident.severity}: {incident.title}",
        "is_open": incident.status.is_open,
        "since": _since(incident, zone),
        "conditions": conditions.text if conditions else "",
        "conditions_note": _conditions_note(conditions, zone),
        "promises": [
            {"audience": p.audience, "due": clock(p.due_at, zone), "overdue": p.overdue}
            for p in promises
        ],
        "roles": role_lines(incident),
        "asks": [
            {"id": ask.id, "text": ask.text, "note": _ask_note(ask, zone), "taken": ask.taken_by}
            for ask in unmet[:ASKS_SHOWN]
        ],
        "more_asks": f"and {left} more on the incident page" if left > 0 else "",
        "reach": reach_line(reach) if reach else "",
        "severities": [{"title": help_, "value": s.value} for s, help_ in SEVERITY_HELP.items()],
    }
    return fill_card("cards/war_room.json", context)


def role_lines(incident: Incident) -> list[dict[str, str]]:
    """Return each role with its holder's name, or '' where nobody has taken it."""
    held = {role: incident.holder(role) for role in TAKEABLE}
    return [
        {
            "name": role.value,
            "label": role.label.capitalize(),
            "holder": person.name if person else "",
        }
        for role, person in held.items()
    ]


def _since(incident: Incident, zone: ZoneInfo) -> str:
    declared = f"Declared {clock(incident.declared_at, zone)} by {incident.declared_by.name}"
    if incident.resolved_at:
        return f"{declared} · resolved {clock(incident.resolved_at, zone)}"
    return declared


def _conditions_note(conditions: Conditions | None, zone: ZoneInfo) -> str:
    if conditions is None:
        return ""
    state = "" if conditions.approved else " · draft, not sent yet"
    return (
        f"{conditions.basis.value} · update {conditions.number}"
        f" · {clock(conditions.at, zone)}{state}"
    )


def _ask_note(ask: Ask, zone: ZoneInfo) -> str:
    if ask.taken_by:
        state = f"taken by {ask.taken_by.name}"
    else:
        state = f"asked of {ask.owner}" if ask.owner else "open"
    return f"{state} · by {clock(ask.by, zone)}" if ask.by else state
