"""The form for the next update: it opens with the last report carried forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.cards.data_lost import UNKNOWN, read_data_lost, write_data_lost
from bot.cards.form import filled, limit
from bot.cards.needs import read_needs, write_needs
from bot.cards.wording import headed
from comms.channels.teams.card import fill_form
from comms.incident import MOVES, Incident, Status
from comms.language import name_of
from comms.plan.model import Plan
from comms.projection import STATUS_LABELS
from comms.report import CUSTOMER_FIELDS, METER, Actions, Basis, CanReport, CustomerText

FIELDS = (
    "conditions",
    "basis",
    "done",
    "doing",
    "next",
    "needs",
    "risk",
    "data_lost",
    "symptom",
    "scope",
    "workaround",
    "status",
    "review_url",
    "audiences",
)

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
        "languages": [
            {"tag": language, "name": name_of(language)} for language in plan.customer_languages()
        ],
        "audiences": [{"title": a.label, "value": a.name} for a in plan.told_of(incident)],
    }
    form = filled(_fields(plan), {"basis": Basis.REPORTED.value, "data_lost": UNKNOWN, **typed})
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
        "data_lost": write_data_lost(report.data_lost),
        **_customer_fields(customer, plan),
        "review_url": report.review_url,
        "status": status.value,
        "audiences": ",".join(audiences),
    }


def read_report(typed: Mapping[str, object], *, now: datetime, plan: Plan) -> CanReport:
    """Return the report that was typed, not yet cleaned; Invalid where a need cannot be read."""
    form = filled(_fields(plan), typed)
    return CanReport(
        conditions=form["conditions"],
        basis=Basis.MEASURED if form["basis"] == Basis.MEASURED else Basis.REPORTED,
        actions=Actions(
            done=_lines(form["done"]), doing=_lines(form["doing"]), next=_lines(form["next"])
        ),
        needs=read_needs(form["needs"], now=now, zone=plan.time_zone),
        risk=form["risk"],
        customer=_customer(form, plan),
        data_lost=read_data_lost(form["data_lost"]),
        review_url=form["review_url"],
    )


def pointers(plan: Plan) -> Mapping[str, str]:
    """From an error's pointer to the input that shows it, with the plan's languages."""
    versions = {
        f"/customer/versions/{language}/{field}": f"{field}.{language}"
        for language in plan.customer_languages()
        for field in CUSTOMER_FIELDS
    }
    return {**versions, **POINTERS}


def _fields(plan: Plan) -> tuple[str, ...]:
    """The form's inputs, and those for the customers' text in each other language."""
    languages = plan.customer_languages()
    return (
        *FIELDS,
        *(f"{field}.{language}" for language in languages for field in CUSTOMER_FIELDS),
    )


def _customer_fields(customer: CustomerText, plan: Plan) -> dict[str, str]:
    held = {field: getattr(customer, field) for field in CUSTOMER_FIELDS}
    for language in plan.customer_languages():
        version = customer.version(language) or CustomerText(symptom="")
        held |= {f"{field}.{language}": getattr(version, field) for field in CUSTOMER_FIELDS}
    return held


def _customer(form: Mapping[str, str], plan: Plan) -> CustomerText | None:
    def said(suffix: str) -> CustomerText:
        return CustomerText(
            symptom=form[f"symptom{suffix}"],
            scope=form[f"scope{suffix}"],
            workaround=form[f"workaround{suffix}"],
        )

    versions = {language: said(f".{language}") for language in plan.customer_languages()}
    told = {language: version for language, version in versions.items() if version.says_anything}
    customer = replace(said(""), versions=told)
    return customer if customer.says_anything or told else None


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
