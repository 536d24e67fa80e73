"""The card of one ask: open, taken, met, or no longer needed."""

from __future__ import annotations

from bot.cards.wording import clock, headed
from comms.ask import Ask, AskState
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.plan.model import Plan

_HEADLINES = {
    AskState.OPEN: "Needed",
    AskState.TAKEN: "Taken",
    AskState.MET: "✔ Met",
    AskState.DROPPED: "No longer needed",
}


def ask_card(*, incident: Incident, ask: Ask, plan: Plan) -> dict[str, object]:
    """Return the ask with the button of its next step."""
    headline = _HEADLINES[ask.state]
    context = headed(incident) | {
        "fallback": f"{incident.key}, {headline.lower()}: {ask.need.text}",
        "id": ask.id,
        "state": ask.state.value,
        "headline": headline,
        "text": ask.need.text,
        "decision": ask.need.decision,
        "note": ask_note(ask, plan),
    }
    return fill_card("cards/ask.json", context)


def ask_note(ask: Ask, plan: Plan) -> str:
    """Return who has it and by when: 'asked of the Payments team · by 14:30 UTC'."""
    if ask.state is AskState.MET:
        return f"met by {ask.taken_by.name}" if ask.taken_by else "met"
    if ask.taken_by:
        has = f"taken by {ask.taken_by.name}"
    else:
        has = f"asked of {ask.need.owner}" if ask.need.owner else "for anybody"
    return f"{has} · by {clock(ask.need.by, plan)}" if ask.need.by else has
