"""A promise: the printed 'next update by' of one audience, kept or missed, never forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from comms.incident import Incident
from comms.plan.escalation import Phase, Step
from comms.plan.model import Audience, Plan

SNOOZE = timedelta(minutes=10)
"""How long reminders of a promise can be put off, once. What readers were promised stays."""


class PromiseState(StrEnum):
    """open → kept or missed; withdrawn when the incident ends before the audience was told."""

    OPEN = "open"
    KEPT = "kept"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Promise:
    """`answered_by` is the number of the update that answered it, on time or late.

    A missed promise without an answer is still owed, until `answered_at`: with no `answered_by`
    beside it, the incident ended without an answer. Until `snoozed_until` nobody is reminded.
    Times are UTC.
    """

    id: int
    incident: str
    audience: str
    made_at: datetime
    due_at: datetime
    state: PromiseState = PromiseState.OPEN
    answered_by: int | None = None
    answered_at: datetime | None = None
    snoozed_until: datetime | None = None

    @property
    def is_owed(self) -> bool:
        """True until an update answers it or it is withdrawn."""
        return self.answered_at is None and self.state is not PromiseState.WITHDRAWN

    def is_overdue(self, now: datetime) -> bool:
        """True when readers wait longer than they were told."""
        return self.is_owed and now > self.due_at

    def step_at(self, step: Step) -> datetime:
        """When somebody is reminded: no sooner than halfway, and after a snooze so much later."""
        match step.phase:
            case Phase.NUDGE:
                half = self.made_at + (self.due_at - self.made_at) / 2
                return max(self.due_at + step.offset, half)
            case Phase.DUE:
                return self.due_at
            case Phase.ESCALATE:
                return max(self.due_at, self.snoozed_until or self.due_at) + step.offset

    def is_snoozed(self, now: datetime) -> bool:
        """True while nobody is to be reminded of it."""
        return self.snoozed_until is not None and now < self.snoozed_until

    def has_come(self, step: Step) -> bool:
        """True where this step of an escalation had come when the reminder was put off."""
        until = self.snoozed_until
        return until is not None and until - SNOOZE >= self.due_at + step.offset

    def step_again(self, steps: Sequence[Step]) -> str:
        """The key of the step that the reminder that was put off is, when it comes: whose turn
        it is by then. `steps` are those of the plan."""
        come = [s for s in steps if s.phase is Phase.ESCALATE and self.has_come(s)]
        if come:
            return come[-1].key
        is_due = (self.snoozed_until or self.due_at) >= self.due_at
        return Phase.DUE.value if is_due else Phase.NUDGE.value


class Promises(Protocol):
    """Where promises are kept."""

    def add(self, promises: Sequence[Promise]) -> tuple[Promise, ...]:
        """Keep new promises; the returned ones have their ids."""
        ...

    def save(self, *promises: Promise) -> None:
        """Keep what became of them."""
        ...

    def find(self, ids: Sequence[int]) -> tuple[Promise, ...]:
        """Return the promises of these ids."""
        ...

    def of(self, incident: str) -> tuple[Promise, ...]:
        """All promises of an incident, oldest first."""
        ...

    def owed(self) -> tuple[Promise, ...]:
        """All promises of all incidents that wait for an update, soonest first."""
        ...


def first_due(plan: Plan, audience: Audience, incident: Incident, now: datetime) -> datetime | None:
    """When an audience hears first of what is declared at `now`; None: nothing is promised."""
    return plan.cadence_of(audience, incident, now).first_by(now)


def next_due(plan: Plan, audience: Audience, incident: Incident, now: datetime) -> datetime | None:
    """The promise that an update sent at `now` prints; None: on change only.

    `incident` is as the update tells of it: in its severity and its status.
    """
    return plan.cadence_of(audience, incident, now).next_by(now)


def answered(promise: Promise, *, number: int, now: datetime) -> Promise:
    """Return the promise after update `number` went out: kept in time, or missed."""
    in_time = promise.state is PromiseState.OPEN and now <= promise.due_at
    return replace(
        promise,
        state=PromiseState.KEPT if in_time else PromiseState.MISSED,
        answered_by=number,
        answered_at=now,
    )


def tightened(promise: Promise, due: datetime) -> Promise:
    """Return an open promise as a change of severity leaves it: sooner if need be, never later."""
    if due >= promise.due_at or promise.state is not PromiseState.OPEN:
        return promise
    return replace(promise, due_at=due)


def withdrawn(promise: Promise, now: datetime) -> Promise:
    """Return the promise as it ends when nobody waits for it any more.

    A miss stays a miss: it is only no longer owed.
    """
    if promise.state is PromiseState.OPEN:
        return replace(promise, state=PromiseState.WITHDRAWN)
    return replace(promise, answered_at=now)
