"""What replaces the preview once somebody has decided: awaiting, approved, or refused as stale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.cards.notice import address
from bot.cards.preview import short_hash
from bot.cards.wording import approval_line, clock, eyes_line, headed, labels, listed
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.people import Person, Role
from comms.plan.model import Plan
from comms.update import Update, UpdateState


def drafted_card(*, incident: Incident, update: Update) -> dict[str, object]:
    """Return what takes the place of the form that was filled in."""
    return _decision_card(
        incident,
        update,
        state=UpdateState.DRAFT.value,
        tone="default",
        headline=f"Update {update.number} is drafted",
        lines=["Its preview is in the war room, for approval. Nothing has been sent."],
    )


def approved_card(
    *,
    incident: Incident,
    update: Update,
    plan: Plan,
    incident_url: str = "",
) -> dict[str, object]:
    """Return the card of an approved update."""
    lines = [approval_line(approval, plan) for approval in update.approvals]
    return _decision_card(
        incident,
        update,
        state=UpdateState.APPROVED.value,
        tone="good",
        headline=f"✔ Update {update.number} is approved and on its way",
        lines=[*lines, f"To {labels(update.audiences, plan)}. Draft {short_hash(update.hash)}."],
        incident_url=incident_url,
    )


def awaiting_card(
    *, incident: Incident, update: Update, plan: Plan, needed: Sequence[Role]
) -> dict[str, object]:
    """Return the card of an update that `needed` roles must still approve."""
    lines = [approval_line(approval, plan) for approval in update.approvals]
    if eyes := eyes_line(update, needed):
        lines.append(eyes)
    missing = listed([role.label for role in needed])
    return _decision_card(
        incident,
        update,
        state=UpdateState.AWAITING.value,
        tone="warning",
        headline=f"Update {update.number} still needs the approval of: {missing}",
        lines=[*lines, f"Nothing has been sent. Draft {short_hash(update.hash)}."],
    )


def approver_card(
    *, incident: Incident, update: Update, needed: Sequence[Role]
) -> dict[str, object]:
    """Return the card that asks whoever is next in the plan; the last one asked is mentioned."""
    addressed, entities = address(update.asked[-1] if update.asked else None)
    missing = listed([role.label for role in needed])
    return _decision_card(
        incident,
        update,
        state=UpdateState.AWAITING.value,
        tone="warning",
        headline=f"Update {update.number} still waits for approval",
        lines=[
            f"It needs the approval of: {missing}. Whoever is asked may give it in their place."
            f" Draft {short_hash(update.hash)}."
        ],
        more={
            "entities": entities,
            "addressed": addressed,
            "ask": "please read it, and approve it if it is right.",
        },
    )


def stale_card(*, incident: Incident, update: Update) -> dict[str, object]:
    """Return what a refused approval is answered with; `update` is the draft as it is now."""
    return _decision_card(
        incident,
        update,
        state="stale",
        tone="attention",
        headline="Not approved: the draft has changed since this card was shown",
        lines=[
            f"{update.drafted_by.name} wrote a newer one ({short_hash(update.hash)})."
            " Read it, then approve. Nothing has been sent."
        ],
    )


def discarded_card(
    *, incident: Incident, update: int, by: Person, at: datetime, plan: Plan
) -> dict[str, object]:
    """Return what takes the place of a draft that was thrown away, by its number."""
    headline = f"The draft of update {update} was discarded"
    context = headed(incident) | {
        "fallback": f"{incident.key}: {headline}",
        "tone": "emphasis",
        "about": True,
        "addressed": "",
        "headline": headline,
        "lines": [f"By {by.name}, {clock(at, plan)}. Nothing of it was sent."],
    }
    return fill_card("cards/notice.json", context)


def _decision_card(
    incident: Incident,
    update: Update,
    *,
    state: str,
    tone: str,
    headline: str,
    lines: Sequence[str],
    incident_url: str = "",
    more: Mapping[str, object] | None = None,
) -> dict[str, object]:
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {headline}",
        "about": True,
        "addressed": "",
        "state": state,
        "tone": tone,
        "headline": headline,
        "lines": lines,
        "number": update.number,
        "hash": update.hash,
    }
    return fill_card("cards/decision.json", context | dict(more or {}))
