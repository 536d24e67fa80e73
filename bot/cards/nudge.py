"""The nudge: a promised update is due soon, due now, or late; the draft is one tap away.

Once the update went out, the card says so in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.cards.notice import address
from bot.cards.wording import clock, duration, headed, labels
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.people import Person
from comms.plan.escalation import Phase
from comms.plan.model import Plan
from comms.promise import Promise, PromiseState
from comms.timeline import Entry

_TONES = {Phase.NUDGE: "accent", Phase.DUE: "warning", Phase.ESCALATE: "attention"}
_ASKS = {
    Phase.NUDGE: "The form is ready, carried forward from the last report.",
    Phase.DUE: "Readers were promised an update by now. Write it, or ask the comms lead.",
    Phase.ESCALATE: "Nobody has sent the promised update. Please see that somebody does.",
}
_ASKS_WITH_A_DRAFT = {
    **_ASKS,
    Phase.NUDGE: "A draft waits for approval.",
    Phase.DUE: "Readers were promised an update by now. Approve the draft, or ask the comms lead.",
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
    sent: int | None = None,
    may_put_off: bool = True,
    incident_url: str = "",
) -> dict[str, object]:
    """Return the card. `audiences` (by name) were promised an update by `due_at` (UTC).

    `to` is mentioned where Teams knows the person. `draft` is the number of an open draft that
    only needs approval; without one the form opens with the last report, and `sent`, the number
    of the last update, can be told again with one tap.
    """
    line = _line(plan, phase, due_at, audiences, now)
    addressed, entities = address(to)
    ask = (_ASKS if draft is None else _ASKS_WITH_A_DRAFT)[phase]
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {line}",
        "entities": entities,
        "tone": _TONES[phase],
        "about": True,
        "headline": line,
        "addressed": addressed,
        "ask": ask,
        "lines": [] if addressed else [ask],
        "draft": draft,
        "sent": sent,
        "due_at": due_at.isoformat(),
        "may_put_off": may_put_off,
    }
    return fill_card("cards/nudge.json", context)


def snoozed_nudge_card(
    *,
    incident: Incident,
    plan: Plan,
    promises: Sequence[Promise],
    said: Entry,
    incident_url: str = "",
) -> dict[str, object]:
    """Return what takes a nudge's place while it is put off; `said` is the timeline's line."""
    until = max(promise.snoozed_until or promise.due_at for promise in promises)
    to, by = labels([p.audience for p in promises], plan), clock(promises[0].due_at, plan)
    headline = f"Reminder put off until {clock(until, plan)}"
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {headline}",
        "tone": "default",
        "about": True,
        "addressed": "",
        "headline": headline,
        "lines": [f"{said.text.rstrip('.')}.", f"{to} still wait for the update promised by {by}."],
    }
    return fill_card("cards/notice.json", context)


def answered_nudge_card(
    *,
    incident: Incident,
    plan: Plan,
    promises: Sequence[Promise],
    reminded: Person | None,
    incident_url: str = "",
) -> dict[str, object]:
    """Return what takes a nudge's place once nobody waits any more for these promises."""
    line = _answered_line(promises, plan)
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key}: {line}",
        "tone": "default",
        "about": True,
        "addressed": "",
        "headline": line,
        "lines": [f"{reminded.name} was reminded."] if reminded else [],
    }
    return fill_card("cards/notice.json", context)


def _line(
    plan: Plan, phase: Phase, due_at: datetime, audiences: Sequence[str], now: datetime
) -> str:
    to, at = labels(audiences, plan), clock(due_at, plan)
    if phase is Phase.NUDGE:
        return f"Update to {to} due by {at}, in {duration(max(due_at - now, timedelta()))}"
    if now - due_at < timedelta(minutes=1):
        return f"⚠ Update to {to} is due now ({at})"
    return f"⚠ Update to {to} is overdue since {at}, by {duration(now - due_at)}"


def _answered_line(promises: Sequence[Promise], plan: Plan) -> str:
    to, by = labels([p.audience for p in promises], plan), clock(promises[0].due_at, plan)
    last = max(promises, key=_answered_at)
    if last.answered_by is None:
        return f"{to}: nothing is owed any more (promised by {by})"
    sent = f"update {last.answered_by} went out {clock(_answered_at(last), plan)}"
    if any(p.state is PromiseState.MISSED for p in promises):
        return f"{to} were told late: promised by {by}, {sent}"
    return f"✔ {to} were told in time: promised by {by}, {sent}"


def _answered_at(promise: Promise) -> datetime:
    return promise.answered_at or promise.made_at
