"""The form that resolves an incident: what is true now, and the last thing customers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cards.form import filled, limit
from bot.cards.wording import headed
from comms.channels.teams.card import fill_form
from comms.incident import Incident
from comms.report import Basis, CanReport, CustomerText

FIELDS = ("conditions", "basis", "data_lost", "symptom")

DATA_LOST = {"yes": True, "no": False}
"""What the form's choices say; nothing chosen: nobody knows."""

POINTERS = {"/conditions": "conditions", "/customer": "symptom"}
"""From an error's pointer to the input that shows it."""


def resolve_card(
    *,
    incident: Incident,
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
    }
    form = filled(FIELDS, {"basis": Basis.MEASURED.value, **typed})
    return fill_form("cards/resolve.json", context, form, limit=limit(in_dialog))


def resolve_fields(incident: Incident, *, customers_told: bool) -> dict[str, str]:
    """Return what the form opens with: the incident's title turned into its end."""
    return {
        "conditions": f"{incident.title}: resolved.",
        "symptom": "This is resolved. Everything works again." if customers_told else "",
    }


def read_final(typed: Mapping[str, object], before: CanReport) -> CanReport:
    """Return the last report, not yet cleaned: `before` with what was typed and nothing open.

    What was being done is done now; needs, risk and workaround end with the incident.
    """
    form = filled(FIELDS, typed)
    actions = before.actions
    return CanReport(
        conditions=form["conditions"],
        basis=Basis.MEASURED if form["basis"] == Basis.MEASURED else Basis.REPORTED,
        actions=replace(actions, done=(*actions.done, *actions.doing), doing=(), next=()),
        customer=CustomerText(symptom=form["symptom"]) if form["symptom"].strip() else None,
        data_lost=DATA_LOST.get(form["data_lost"]),
    )
