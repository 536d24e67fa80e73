"""The form that declares an incident: a title and a severity, ten seconds, no blame."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards.form import filled, limit
from bot.cards.wording import severity_choices, severity_facts, type_choices
from comms.channels.teams.card import fill_form
from comms.incident import IncidentType, Severity
from comms.plan.model import Plan

FIELDS = ("title", "severity", "type", "services", "summary", "suspected", "drill")

POINTERS = {f"/{field}": field for field in FIELDS}
"""From an error's pointer to the input that shows it."""

_MORE = ("services", "summary")
_NO = "false"
_USUAL = IncidentType.SERVICE.value


def declare_card(
    *,
    nonce: str,
    plan: Plan,
    typed: Mapping[str, object] | None = None,
    errors: Mapping[str, str] | None = None,
    in_dialog: bool = False,
) -> dict[str, object]:
    """Return the form, with what was typed kept and each error at its input.

    `nonce` comes back with the form: the same form sent twice declares once. `in_dialog` for an
    answer to `task/fetch`, else it is a message.
    """
    usual = {"severity": Severity.SEV2.value, "type": _USUAL, "suspected": _NO, "drill": _NO}
    form = filled(FIELDS, {**usual, **(typed or {})})
    errors = errors or {}
    return fill_form(
        "cards/declare.json",
        {
            "fallback": "Declare an incident: this client cannot show the form.",
            "in_dialog": in_dialog,
            "nonce": nonce,
            "errors": errors,
            "severities": severity_choices(plan),
            "criteria": severity_facts(plan),
            "types": type_choices(plan),
            "example": _example(plan),
            "more": any(form[field] or errors.get(field) for field in _MORE)
            or {form["suspected"], form["drill"]} != {_NO}
            or form["type"] != _USUAL,
        },
        form,
        limit=limit(in_dialog),
    )


def _example(plan: Plan) -> str:
    """Return two services of the plan, as they are typed."""
    return ", ".join(service.label for service in plan.services[:2]) or "Checkout, Payments API"
