"""Approval: whose yes an update still needs, with four eyes where the plan asks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations

from comms.incident import Incident
from comms.people import Person, Role
from comms.plan.model import Audience, Plan
from comms.update import Approval, Update


def needed(update: Update, incident: Incident, plan: Plan) -> tuple[Role, ...]:
    """The roles whose approval the update's audiences ask for, in the plan's order."""
    asked = (
        asked_by(audience, update, incident, plan) for audience in plan.among(update.audiences)
    )
    return tuple(dict.fromkeys(role for roles in asked for role in roles))


def asked_by(
    audience: Audience, update: Update, incident: Incident, plan: Plan
) -> tuple[Role, ...]:
    """The roles whose approval one audience asks for, of the incident as the update tells of it."""
    told = replace(incident, severity=update.severity, status=update.status)
    return plan.approval_of(audience, told)


def missing(
    roles: tuple[Role, ...], approvals: Iterable[Approval], *, four_eyes: bool
) -> tuple[Role, ...]:
    """The roles that nobody has approved in yet.

    With four eyes each role needs a person of its own: somebody who holds two counts for one of
    them. Break-glass counts for all.
    """
    given = tuple(approvals)
    if any(approval.break_glass for approval in given):
        return ()
    if not four_eyes:
        covered = {role for approval in given for role in approval.roles}
        return tuple(role for role in roles if role not in covered)
    eyes = _one_each(given)
    return min((_uncovered(roles, order) for order in _orders(eyes, len(roles))), key=len)


def rights(person: Person, incident: Incident, plan: Plan) -> frozenset[Role]:
    """The roles in which this person may approve: held in the incident, or given by the plan."""
    return incident.roles_of(person) | plan.roles_of(person)


def known(person: Person, incident: Incident, plan: Plan) -> Person | None:
    """The same person with all that the incident's roles or the plan know of them."""
    named = [
        *incident.roles.values(),
        *(approver for people in plan.approvers.values() for approver in people),
        *([plan.duty_manager] if plan.duty_manager else []),
    ]
    return next((one for one in named if one.is_same(person)), None)


def _one_each(given: tuple[Approval, ...]) -> tuple[Approval, ...]:
    """The approvals of different people: a second yes of the same person adds no eyes."""
    kept: list[Approval] = []
    for approval in given:
        if not any(approval.by.is_same(other.by) for other in kept):
            kept.append(approval)
    return tuple(kept)


def _orders(given: tuple[Approval, ...], places: int) -> list[tuple[Approval | None, ...]]:
    """All ways to put different approvals on so many roles; there are at most four roles."""
    chairs: tuple[Approval | None, ...] = (*given, *([None] * places))
    return list(dict.fromkeys(permutations(chairs, places)))


def _uncovered(roles: tuple[Role, ...], order: tuple[Approval | None, ...]) -> tuple[Role, ...]:
    return tuple(
        role
        for role, approval in zip(roles, order, strict=True)
        if approval is None or role not in approval.roles
    )
