"""The chain of people who are reminded of a promise, each at a moment of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from comms.people import Role
from comms.plan.called import Called, Duty


class Phase(StrEnum):
    """What a reminder of a promise is: ahead of its time, at it, after it."""

    NUDGE = "nudge"
    DUE = "due"
    ESCALATE = "escalate"


@dataclass(frozen=True, kw_only=True)
class Step:
    """Who is reminded so long after the promised time; before it where `offset` is negative."""

    offset: timedelta
    whom: Called

    @property
    def phase(self) -> Phase:
        """What the reminder is."""
        if self.offset:
            return Phase.NUDGE if self.offset < timedelta() else Phase.ESCALATE
        return Phase.DUE

    @property
    def name(self) -> str:
        """As a plan writes it: 'T-5m', 'T', 'T+90m'."""
        minutes = self.offset // timedelta(minutes=1)
        return f"T{minutes:+}m" if minutes else "T"

    @property
    def key(self) -> str:
        """What tells it from a promise's other steps, whatever the plan says later."""
        return self.name if self.phase is Phase.ESCALATE else self.phase.value


ESCALATION = (
    Step(offset=timedelta(minutes=-5), whom=Role.COMMS_LEAD),
    Step(offset=timedelta(), whom=Role.INCIDENT_COMMANDER),
    Step(offset=timedelta(minutes=5), whom=Duty.DUTY_MANAGER),
)
"""Who is reminded of a promise where the plan does not say."""


def step_of(steps: Sequence[Step], key: str) -> Step:
    """Return the step of that key; where the plan has it no more, what usually is one."""
    usual = {step.key: step for step in ESCALATION}
    found = next((step for step in steps if step.key == key), None)
    return found or usual.get(key, ESCALATION[-1])
