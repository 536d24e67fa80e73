"""How cards say counts, durations and severities: one wording everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from comms.channels.teams.card import tone
from comms.incident import Incident
from comms.moment import moment
from comms.people import Role
from comms.plan.model import Plan
from comms.projection import STATUS_LABELS
from comms.update import Approval, Update


def severity_choices(plan: Plan) -> list[dict[str, str]]:
    """Return the severities as a form offers them, with what the plan says of each in short."""
    return [
        {"title": f"{severity} · {said.label}: {said.short}", "value": severity.value}
        for severity, said in plan.conduct.severities.items()
    ]


def type_choices(plan: Plan) -> list[dict[str, str]]:
    """Return the types as a form offers them."""
    return [
        {"title": nature.label, "value": kind.value} for kind, nature in plan.conduct.types.items()
    ]


def severity_facts(plan: Plan) -> list[dict[str, str]]:
    """Return how widespread and how severe each severity is, as a fact set shows it."""
    return [
        {"title": severity.value, "value": f"{said.widespread}. {said.severe}."}
        for severity, said in plan.conduct.severities.items()
    ]


def headed(incident: Incident, *, incident_url: str = "") -> dict[str, object]:
    """Return what the head of every card about an incident shows."""
    return {
        "key": incident.key,
        "title": incident.title,
        "drill": incident.drill,
        "severity": incident.severity.value,
        "severity_style": tone(incident.severity, incident.status),
        "status": incident.status.value,
        "status_label": STATUS_LABELS[incident.status.value],
        "incident_url": incident_url,
    }


def clock(at: datetime, plan: Plan) -> str:
    """Return a UTC time as '14:30 UTC' in the plan's zone."""
    return moment(at, plan.time_zone).clock


def labels(names: Iterable[str], plan: Plan) -> str:
    """Return the audiences of these names as 'Executives and Customers'."""
    return listed([plan.look_up(name).label for name in names])


def approval_line(approval: Approval, plan: Plan) -> str:
    """Return 'Approved by Ada Moreau (comms lead), 14:30 UTC', or who broke a rule and why."""
    at = clock(approval.at, plan)
    if approval.break_glass:
        return f"{approval.by.name} broke the glass, {at}: {approval.break_glass}"
    roles = listed([role.label for role in sorted(approval.roles)])
    if approval.stands_in:
        return f"Approved by {approval.by.name}, asked in place of the {roles}, {at}"
    if approval.override:
        held = f" ({roles})" if roles else ""
        return f"{approval.by.name}{held} overrode what was blocked, {at}: {approval.override}"
    return f"Approved by {approval.by.name}{f' ({roles})' if roles else ''}, {at}"


def eyes_line(update: Update, missing: Iterable[Role]) -> str:
    """Return who else must approve where one person holds two of the roles; '' otherwise."""
    wanted = set(missing)
    held = [approval.by.name for approval in update.approvals if approval.roles & wanted]
    return f"Four eyes: somebody other than {listed(held)} must approve too." if held else ""


def people(count: int) -> str:
    """Return '1 person' or '412 people'."""
    return "1 person" if count == 1 else f"{number(count)} people"


def number(count: int) -> str:
    """Return '5 013': a thin space reads as a thousands mark in every language."""
    return f"{count:,}".replace(",", "\u202f")


def duration(span: timedelta) -> str:
    """Return 'under a minute', '14 min' or '2 h 50 min', rounded up."""
    minutes = -int(-span.total_seconds() // 60)
    if minutes <= 1:
        return "under a minute" if span <= timedelta(minutes=1) else "1 min"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def listed(words: Sequence[str]) -> str:
    """Return 'a', 'a and b' or 'a, b and c'."""
    *most, last = words or ("",)
    return f"{', '.join(most)} and {last}" if most else last
