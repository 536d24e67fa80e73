"""The form of a filing, filled from the record as far as the record goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from comms.incident import Incident
from comms.moment import moment
from comms.plan.model import Plan
from comms.regulator.countdown import Countdown
from comms.report import CanReport


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that a form can be filled from. `report` is the last one that was sent, if any."""

    incident: Incident
    countdown: Countdown
    plan: Plan
    report: CanReport | None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One field of the form; an empty `answer` is for a person to write."""

    label: str
    answer: str


def filled(known: Known) -> tuple[Answered, ...]:
    """Return the form's fields in its order, each with what the record says."""
    return tuple(
        Answered(label=field.label, answer=GATHER[field.gather](known) if field.gather else "")
        for field in known.countdown.law.form
    )


def _conditions(known: Known) -> str:
    return known.report.conditions if known.report else known.incident.summary


def _scope(known: Known) -> str:
    customer = known.report.customer if known.report else None
    return customer.scope if customer else ""


def _measures(known: Known) -> str:
    if known.report is None:
        return ""
    actions = known.report.actions
    return "\n".join((*actions.done, *actions.doing))


GATHER: Mapping[str, Callable[[Known], str]] = {
    "conditions": _conditions,
    "scope": _scope,
    "measures": _measures,
    "risk": lambda known: known.report.risk if known.report else "",
    "services": lambda known: ", ".join(known.incident.services),
    "declared": lambda known: moment(known.incident.declared_at, known.plan.time_zone).full,
    "started": lambda known: moment(known.countdown.started_at, known.plan.time_zone).full,
}
"""Where the record has what a form asks for, by the names that `regimes.yaml` uses."""
