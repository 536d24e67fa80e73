"""The cards of one ask: open, taken, met, or no longer needed; and the reminder of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.cards.notice import address
from bot.cards.wording import clock, duration, headed
from comms.ask import Ask, AskState
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.people import Person
from comms.plan.model import Plan

_HEADLINES = {
    AskState.OPEN: "Needed",
    AskState.TAKEN: "Taken",
    AskState.MET: "✔ Met",
    AskState.DROPPED: "No longer needed",
}


def ask_card(*, incident: Incident, ask: Ask, plan: Plan) -> dict[str, object]:
    """Return the ask with the button of its next step."""
    return _card(incident, ask, plan, headline=_HEADLINES[ask.state])


def unmet_card(
    *, incident: Incident, ask: Ask, plan: Plan, to: Person | None, now: datetime
) -> dict[str, object]:
    """Return the reminder of an ask that is still not met; `to` is mentioned where Teams can."""
    late = ask.need.by is not None and now >= ask.need.by
    headline = "⚠ Overdue" if late else "Still needed"
    waits = duration(now - ask.raised_at)
    addressed, entities = address(to)
    more: dict[str, object] = {
        "entities": entities,
        "addressed": addressed,
        "ask": f"asked {waits} ago. Is it met? If you can't, say so: somebody else will."
        if ask.taken_by
        else f"asked {waits} ago, and nobody has it yet.",
    }
    return _card(incident, ask, plan, headline=headline, more=more)


def _card(
    incident: Incident,
    ask: Ask,
    plan: Plan,
    *,
    headline: str,
    more: Mapping[str, object] | None = None,
) -> dict[str, object]:
    context = headed(incident) | {
        "fallback": f"{incident.key}, {headline.lower()}: {ask.need.text}",
        "id": ask.id,
        "state": ask.state.value,
        "headline": headline,
        "text": ask.need.text,
        "decision": ask.need.decision,
        "note": ask_note(ask, plan),
        "addressed": "",
    }
    return fill_card("cards/ask.json", context | dict(more or {}))


def ask_note(ask: Ask, plan: Plan) -> str:
    """Return who has it and by when: 'asked of the Payments team · by 14:30 UTC'."""
    if ask.state is AskState.MET:
        return f"met by {ask.taken_by.name}" if ask.taken_by else "met"
    if ask.taken_by:
        has = f"taken by {ask.taken_by.name}"
    else:
        has = f"asked of {ask.need.owner}" if ask.need.owner else "for anybody"
        if ask.declined_by:
            has += f" · {ask.declined_by.name} can't"
    return f"{has} · by {clock(ask.need.by, plan)}" if ask.need.by else has
