"""Who can be called: the holder of a role, the duty manager, a person, whoever is on call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from comms.people import Person, Role


class Duty(StrEnum):
    """Duties that the plan names somebody for."""

    DUTY_MANAGER = "duty_manager"


@dataclass(frozen=True, kw_only=True)
class OnCall:
    """Whoever a rota has on call at that moment."""

    rota: str


Called = Role | Duty | Person | OnCall


def called_name(called: Called) -> str:
    """Return who is called, in words: 'comms lead', 'duty manager', 'Dana Roth', 'rota network'."""
    match called:
        case Person():
            return called.name
        case OnCall():
            return f"rota {called.rota}"
        case _:
            return called.value.replace("_", " ")
