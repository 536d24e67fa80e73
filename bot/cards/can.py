"""The form for the next update: it opens with the last report carried forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.cards.form import filled, limit
from bot.cards.needs import read_needs, write_needs
from bot.cards.wording import headed
from comms.channels.teams.card import fill_form
from comms.incident import MOVES, Incident, Status
from comms.plan.model import Plan
from comms.projection import STATUS_LABELS
from comms.report import METER, Actions, Basis, CanReport, CustomerText

FIELDS = (
    "conditions",
    "basis",
    "done",
    "doing",
    "next",
    "needs",
    "risk",
    "symptom",
    "scope",
    "workaround",
    "status",
    "review_url",
    "audiences",
)

CUSTOMER_FIELDS = ("symptom", "scope", "workaround")

POINTERS = {
    "/conditions": "conditions",
    "/actions/done": "done",
    "/actions/doing": "doing",
    "/actions/next": "next",
    "/needs": "needs",
    "/risk": "risk",
    "/customer/scope": "scope",
    "/customer/workaround": "workaround",
    "/customer": "symptom",
    "/status": "status",
    "/review_url": "review_url",
    "/audiences": "audiences",
}
"""From an error's pointer to the input that shows it."""


def can_card(
    *,
    incident: Incident,
    plan: Plan,
    form_id: str,
    typed: Mapping[str, object],
    words: int,
    may_repeat: bool,
    errors: Mapping[str, str] | None = None,
    in_dialog: bool = True,
) -> dict[str, object]:
    """Return the form. `typed` is `report_fields(...)` at first, later what was typed.

    `words` is what the report had when the form was drawn;
    `may_repeat` where there is a last report to repeat or to carry forward. `form_id` comes back
    with the form: the same form sent twice drafts once.
    """
    context = headed(incident) | {
        "fallback": f"{incident.key}: write an update. This client cannot show the form.",
        "in_dialog": in_dialog,
        "form_id": form_id,
        "errors": errors or {},
        "meter": _meter(words),
        "over": words > METER,
        "may_repeat": may_repeat,
        "statuses": [
            {"title": STATUS_LABELS[status], "value": status.value}
            for status in _statuses(incident.status)
        ],
        "is_over": not incident.status.is_open,
        "audiences": [{"title": a.label, "value": a.name} for a in plan.told_of(incident)],
    }
    form = filled(FIELDS, {"basis": Basis.REPORTED.value, **typed})
    return fill_form("cards/can.json", context, form, limit=limit(in_dialog))


def report_fields(
    report: CanReport | None,
    *,
    now: datetime,
    plan: Plan,
    status: Status,
    audiences: Sequence[str],
) -> dict[str, str]:
    """Return a report as the form's inputs hold it; None gives an empty form."""
    report = report or CanReport(conditions="")
    customer = report.customer or CustomerText(symptom="")
    return {
        "conditions": report.conditions,
        "basis": report.basis.value,
        "done": "\n".join(report.actions.done),
        "doing": "\n".join(report.actions.doing),
        "next": "\n".join(report.actions.next),
        "needs": write_needs(report.needs, now=now, zone=plan.time_zone),
        "risk": report.risk,
        "symptom": customer.symptom,
        "scope": customer.scope,
        "workaround": customer.workaround,
        "review_url": report.review_url,
        "status": status.value,
        "audiences": ",".join(audiences),
    }


def read_report(typed: Mapping[str, object], *, now: datetime, plan: Plan) -> CanReport:
    """Return the report that was typed, not yet cleaned; Invalid where a need cannot be read."""
    form = filled(FIELDS, typed)
    customer = CustomerText(
        symptom=form["symptom"], scope=form["scope"], workaround=form["workaround"]
    )
    return CanReport(
        conditions=form["conditions"],
        basis=Basis.MEASURED if form["basis"] == Basis.MEASURED else Basis.REPORTED,
        actions=Actions(
            done=_lines(form["done"]), doing=_lines(form["doing"]), next=_lines(form["next"])
        ),
        needs=read_needs(form["needs"], now=now, zone=plan.time_zone),
        risk=form["risk"],
        customer=customer if any(form[field] for field in CUSTOMER_FIELDS) else None,
        review_url=form["review_url"],
    )


def _lines(typed: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in typed.splitlines() if line.strip())


def _meter(words: int) -> str:
    if words > METER:
        return f"{words} of {METER} words: {words - METER} more than a reader takes in at once"
    return f"{words} of {METER} words"


def _statuses(now: Status) -> list[Status]:
    """The statuses that may follow; resolving has its own form, and closing tells nobody."""
    following = {s for s in MOVES[now] if s.is_open or s is Status.REVIEWED}
    return [status for status in Status if status is now or status in following]
