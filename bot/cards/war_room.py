"""The war room's card: one per incident, updated in place for as long as it is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.cards.ask import ask_note
from bot.cards.reach import reach_line
from bot.cards.regulators import countdown_lines
from bot.cards.role import role_lines
from bot.cards.services import owners_chat, service_lines, service_note
from bot.cards.views import Reach
from bot.cards.wording import clock, headed, severity_choices, severity_facts, type_choices
from comms.ask import Ask
from comms.channels.teams.card import Raw, fill_card
from comms.incident import Incident, Status
from comms.plan.model import Plan
from comms.promise import Promise
from comms.regulator.countdown import Countdown
from comms.update import Update, UpdateState

ASKS_SHOWN = 5


def war_room_card(
    *,
    incident: Incident,
    plan: Plan,
    now: datetime,
    update: Update | None = None,
    promises: Sequence[Promise] = (),
    asks: Sequence[Ask] = (),
    reach: Reach | None = None,
    countdowns: Sequence[Countdown] = (),
    refused: Sequence[str] = (),
    incident_url: str = "",
) -> dict[str, object]:
    """Return the card in the incident's present state; a resolved one has little to press.

    `update` is the last one, draft or approved, whose conditions are shown. Promises that are no
    longer owed and asks that are no longer live are left out. Times are printed in the plan's
    zone. `refused` is what is wrong with the plan's file, where it was not taken up.
    """
    live = [ask for ask in asks if ask.is_live]
    left = len(live) - ASKS_SHOWN
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key} {incident.severity}: {incident.title}",
        "is_open": incident.status.is_open,
        "is_suspected": incident.status is Status.TRIAGE,
        "since": _since(incident, plan),
        "conditions": update.report.conditions if update else incident.summary,
        "conditions_note": _conditions_note(update, plan) if update else "as declared",
        "promises": _promise_lines(promises, plan, now),
        "roles": role_lines(incident),
        "asks": [
            {
                "id": ask.id,
                "text": ask.need.text,
                "note": ask_note(ask, plan),
                "taken": bool(ask.taken_by),
            }
            for ask in live[:ASKS_SHOWN]
        ],
        "more_asks": f"and {left} more" if left > 0 else "",
        "reach": reach_line(reach) if reach else "",
        "deadlines": countdown_lines(countdowns, plan, now),
        "plan_warning": plan_warning(refused) if incident.status.is_open else "",
        "has_regulators": bool(plan.regulators) and incident.status is not Status.TRIAGE,
        "severities": severity_choices(plan),
        "criteria": severity_facts(plan) if incident.status is Status.TRIAGE else [],
        "types": type_choices(plan),
        "type": incident.type.value,
        # Saved as it stands: it is never to be shortened with the rest of the card.
        "typed_services": Raw(", ".join(incident.services)),
        "services": service_lines(incident, plan),
        "services_note": service_note(incident, plan),
        "owners_url": owners_chat(incident, plan),
    }
    return fill_card("cards/war_room.json", context)


def plan_warning(refused: Sequence[str]) -> str:
    """Return what whoever keeps the plan should know of its file; '' where all is well."""
    if not refused:
        return ""
    mistakes = "a mistake" if len(refused) == 1 else f"{len(refused)} mistakes"
    return (
        f"⚠ The communication plan's file has {mistakes}, so the plan stays as it was."
        " Whoever keeps it: sitrep plan check."
    )


def _since(incident: Incident, plan: Plan) -> str:
    declared = f"Declared {clock(incident.declared_at, plan)} by {incident.declared_by.name}"
    if incident.resolved_at:
        return f"{declared} · resolved {clock(incident.resolved_at, plan)}"
    return declared


def _conditions_note(update: Update, plan: Plan) -> str:
    sent = update.state is UpdateState.APPROVED
    at = clock(update.approved_at or update.drafted_at, plan)
    state = "" if sent else " · draft, not sent yet"
    return f"{update.report.basis.value} · update {update.number} · {at}{state}"


def _promise_lines(
    promises: Sequence[Promise], plan: Plan, now: datetime
) -> list[dict[str, object]]:
    """The most urgent promise owed to each audience, in the plan's order."""
    owed: dict[str, Promise] = {}
    for promise in sorted(promises, key=lambda promise: promise.due_at):
        if promise.is_owed:
            owed.setdefault(promise.audience, promise)
    return [
        {
            "audience": plan.audiences[name].label,
            "due": clock(owed[name].due_at, plan),
            "overdue": owed[name].is_overdue(now),
        }
        for name in plan.audiences
        if name in owed
    ]
