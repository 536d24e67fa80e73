"""What a plan's chains must be: each asks somebody new, at a moment of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from comms.people import Person
from comms.plan.called import Called, Duty, OnCall, called_name
from comms.plan.called_entry import EscalationEntry, called, offset_of
from comms.plan.document import Document, Path
from comms.plan.entry import PersonEntry
from comms.plan.problem import nearest
from comms.plan.schema import PlanFile

Chain = Sequence[tuple[Path, Called]]


def check_chains(entry: PlanFile, found: Document) -> None:
    """Add to the document's problems where a chain would ask nobody, or nobody new."""
    if entry.escalation:
        _check_moments(entry.escalation, found)
        reminded: Chain = [
            (("escalation", name), called(entry.escalation[name]))
            for name in sorted(entry.escalation, key=offset_of)
        ]
        _check_whom(reminded, entry, found)
    if entry.approval_timeout:
        asked: Chain = [
            (("approval_timeout", "then", place), called(whom))
            for place, whom in enumerate(entry.approval_timeout.then)
        ]
        _check_whom(asked, entry, found)


def _check_moments(escalation: EscalationEntry, found: Document) -> None:
    before: dict[timedelta, str] = {}
    for name in sorted(escalation, key=offset_of):
        offset, at = offset_of(name), ("escalation", name)
        if offset in before:
            found.problem(f"{name} is the same moment as {before[offset]}", found.keys[at], at)
        if offset < timedelta() and any(other < timedelta() for other in before):
            message = f"somebody is asked before T already, at {next(iter(before.values()))}"
            found.problem(message, found.keys[at], at)
        before.setdefault(offset, name)


def _check_whom(chain: Chain, entry: PlanFile, found: Document) -> None:
    """Refuse a rota that the plan has not, and whoever was asked before."""
    asked: dict[str, str] = {}
    for at, whom in chain:
        if isinstance(whom, OnCall) and whom.rota not in entry.rotas:
            known = f" Known: {', '.join(entry.rotas)}." if entry.rotas else ""
            near = nearest(whom.rota, entry.rotas)
            found.problem(f"there is no rota {whom.rota!r}.{near}{known}", found.values[at], at)
        who = _identity(whom, entry.duty_manager)
        if who in asked:
            message = f"the chain comes back to {asked[who]}: ask somebody else, or nobody"
            found.problem(message, found.values[at], at)
        is_named = isinstance(whom, Person)
        asked.setdefault(who, called_name(whom) if is_named else f"the {called_name(whom)}")


def _identity(whom: Called, duty_manager: PersonEntry | None) -> str:
    """What makes two the same: the duty manager's own address is the duty manager."""
    if whom is Duty.DUTY_MANAGER and duty_manager:
        return duty_manager.email.casefold()
    return whom.email.casefold() if isinstance(whom, Person) else called_name(whom)
