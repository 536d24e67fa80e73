"""The form that resolves an incident: what is true now, and the last thing customers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cards.data_lost import UNKNOWN, read_data_lost
from bot.cards.form import filled, limit
from bot.cards.wording import headed
from comms.channels.teams.card import fill_form
from comms.incident import Incident
from comms.language import marked, name_of, translations
from comms.plan.model import Plan
from comms.report import Basis, CanReport, CustomerText

FIELDS = ("conditions", "basis", "data_lost", "symptom")

WORKS_AGAIN = marked("This is resolved. Everything works again.")
"""What the form proposes for customers, in each of their languages."""


def pointers(plan: Plan) -> Mapping[str, str]:
    """From an error's pointer to the input that shows it."""
    versions = {f"/customer/versions/{one}": f"symptom.{one}" for one in plan.customer_languages()}
    return {"/conditions": "conditions", **versions, "/customer": "symptom"}


def resolve_card(
    *,
    incident: Incident,
    plan: Plan,
    form_id: str,
    typed: Mapping[str, object],
    customers_told: bool,
    errors: Mapping[str, str] | None = None,
    in_dialog: bool = True,
) -> dict[str, object]:
    """Return the form. `typed` is `resolve_fields(...)` at first, later what was typed.

    `customers_told`: customers have heard of the incident, so they must hear of its end.
    `form_id` comes back with it: sent twice, it resolves once.
    """
    context = headed(incident) | {
        "fallback": f"{incident.key}: resolve it. This client cannot show the form.",
        "in_dialog": in_dialog,
        "form_id": form_id,
        "errors": errors or {},
        "customers_told": customers_told,
        "languages": [
            {"tag": language, "name": name_of(language)} for language in plan.customer_languages()
        ],
    }
    form = filled(_fields(plan), {"basis": Basis.MEASURED.value, "data_lost": UNKNOWN, **typed})
    return fill_form("cards/resolve.json", context, form, limit=limit(in_dialog))


def resolve_fields(incident: Incident, *, plan: Plan, customers_told: bool) -> dict[str, str]:
    """Return what the form opens with: the incident's title turned into its end."""
    told = {"conditions": f"{incident.title}: resolved."}
    if customers_told:
        told["symptom"] = translations(plan.language).gettext(WORKS_AGAIN)
        for language in plan.customer_languages():
            told[f"symptom.{language}"] = translations(language).gettext(WORKS_AGAIN)
    return told


def read_final(typed: Mapping[str, object], before: CanReport, *, plan: Plan) -> CanReport:
    """Return the last report, not yet cleaned: `before` with what was typed and nothing open.

    What was being done is done now; needs, risk and workaround end with the incident.
    """
    form = filled(_fields(plan), typed)
    actions = before.actions
    return CanReport(
        conditions=form["conditions"],
        basis=Basis.MEASURED if form["basis"] == Basis.MEASURED else Basis.REPORTED,
        actions=replace(actions, done=(*actions.done, *actions.doing), doing=(), next=()),
        customer=_customer(form, plan),
        data_lost=read_data_lost(form["data_lost"]),
    )


def _fields(plan: Plan) -> tuple[str, ...]:
    return (*FIELDS, *(f"symptom.{language}" for language in plan.customer_languages()))


def _customer(form: Mapping[str, str], plan: Plan) -> CustomerText | None:
    if not form["symptom"].strip():
        return None
    versions = {
        language: CustomerText(symptom=form[f"symptom.{language}"])
        for language in plan.customer_languages()
    }
    return CustomerText(symptom=form["symptom"], versions=versions)
