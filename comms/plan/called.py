"""Who can be called: the holder of a role, the duty manager, a person."""

from __future__ import annotations

from enum import StrEnum

from comms.people import Person, Role


class Duty(StrEnum):
    """Duties that the plan names somebody for."""

    DUTY_MANAGER = "duty_manager"


Called = Role | Duty | Person


def called_name(called: Called) -> str:
    """Return who is called, in words: 'comms lead', 'duty manager', 'Dana Roth'."""
    match called:
        case Person():
            return called.name
        case _:
            return called.value.replace("_", " ")
