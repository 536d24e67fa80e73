"""The nudge: a promised update is due soon, due now, or late; the draft is one tap away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.cards.notice import address
from bot.cards.wording import clock, duration, headed, labels
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.people import Person
from comms.plan.model import Plan
from comms.promise import Phase

_TONES = {Phase.NUDGE: "accent", Phase.DUE: "warning", Phase.ESCALATE: "attention"}
_ASKS = {
    Phase.NUDGE: "The draft is ready, carried forward from the last update.",
    Phase.DUE: "Readers were promised an update by now. Approve the draft, or ask the comms lead.",
    Phase.ESCALATE: "Nobody has sent the promised update. Please see that somebody does.",
}


def nudge_card(
    *,
    incident: Incident,
    plan: Plan,
    phase: Phase,
    due_at: datetime,
    audiences: Sequence[str],
    now: datetime,
    to: Person | None,
    draft: int | None = None,
    incident_url: str = "",
) -> dict[str, object]:
    """Return the card. `audiences` (by name) were promised an update by `due_at` (UTC).

    `to` is mentioned where Teams knows the person. `draft` is the number of an open draft that
    only needs approval; without one the form opens with the last report.
    """
    line = _line(plan, phase, due_at, audiences, now)
    addressed, entities = address(to)
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {line}",
        "entities": entities,
        "tone": _TONES[phase],
        "about": True,
        "headline": line,
        "addressed": addressed,
        "ask": _ASKS[phase],
        "lines": [] if addressed else [_ASKS[phase]],
        "draft": draft,
    }
    return fill_card("cards/nudge.json", context)


def _line(
    plan: Plan, phase: Phase, due_at: datetime, audiences: Sequence[str], now: datetime
) -> str:
    to, at = labels(audiences, plan), clock(due_at, plan)
    if phase is Phase.NUDGE:
        return f"Update to {to} due by {at}, in {duration(max(due_at - now, timedelta()))}"
    if now - due_at < timedelta(minutes=1):
        return f"⚠ Update to {to} is due now ({at})"
    return f"⚠ Update to {to} is overdue since {at}, by {duration(now - due_at)}"
