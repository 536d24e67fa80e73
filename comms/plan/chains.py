"""What a plan's chains must be: each asks somebody new, at a moment of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from comms.people import Person, Role
from comms.plan.approval_entry import ApprovalTimeoutEntry
from comms.plan.called import Called, Duty, called_name
from comms.plan.called_entry import EscalationEntry, called, offset_of
from comms.plan.document import Document, Path
from comms.plan.entry import PersonEntry


def check_chains(
    escalation: EscalationEntry | None,
    timeout: ApprovalTimeoutEntry | None,
    duty_manager: PersonEntry | None,
    found: Document,
) -> None:
    """Add to the document's problems where a chain would ask nobody new."""
    if escalation:
        _check_escalation(escalation, duty_manager, found)
    if timeout:
        then: list[tuple[Path, Called]] = [
            (("approval_timeout", "then", place), called(whom))
            for place, whom in enumerate(timeout.then)
        ]
        _check_once(then, duty_manager, found)


def _check_escalation(
    entry: EscalationEntry, duty_manager: PersonEntry | None, found: Document
) -> None:
    before: dict[timedelta, str] = {}
    for name in sorted(entry, key=offset_of):
        offset, at = offset_of(name), ("escalation", name)
        if offset in before:
            found.problem(f"{name} is the same moment as {before[offset]}", found.keys[at], at)
        if offset < timedelta() and any(other < timedelta() for other in before):
            message = f"somebody is asked before T already, at {next(iter(before.values()))}"
            found.problem(message, found.keys[at], at)
        before.setdefault(offset, name)
    ways: list[tuple[Path, Called]] = [
        (("escalation", name), called(entry[name])) for name in sorted(entry, key=offset_of)
    ]
    _check_once(ways, duty_manager, found)


def _check_once(
    chain: Sequence[tuple[Path, Called]], duty_manager: PersonEntry | None, found: Document
) -> None:
    """Refuse a chain that comes back to somebody who was asked before."""
    asked: dict[str, str] = {}
    for at, whom in chain:
        who = _identity(whom, duty_manager)
        if who in asked:
            found.problem(
                f"the chain comes back to the {asked[who]}: ask somebody else, or nobody"
                if isinstance(whom, Role | Duty)
                else f"{called_name(whom)} is asked before, as {asked[who]}",
                found.values[at],
                at,
            )
        asked.setdefault(who, called_name(whom))


def _identity(whom: Called, duty_manager: PersonEntry | None) -> str:
    """What makes two the same: the duty manager's own address is the duty manager."""
    if whom is Duty.DUTY_MANAGER and duty_manager:
        return duty_manager.email.casefold()
    return whom.email.casefold() if isinstance(whom, Person) else called_name(whom)
