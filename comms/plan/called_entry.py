"""What a plan file says of who is called, and of the chain in which they are reminded."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from comms.people import Person, Role
from comms.plan.called import Called, Duty, OnCall
from comms.plan.duration import UNITS
from comms.plan.entry import PersonEntry, Strict
from comms.plan.escalation import Step
from comms.plan.problem import nearest
from comms.plan.values import Name

WORDS = (*(role.value for role in Role), *(duty.value for duty in Duty))
STEP_PATTERN = r"^T([+-][1-9][0-9]{0,3}[mh])?$"
FARTHEST = timedelta(days=1)
NEAREST_BEFORE = timedelta(hours=1)


class RotaCalledEntry(Strict):
    """Whoever a rota of the plan has on call."""

    rota: Name


def _word(value: object) -> object:
    if isinstance(value, str) and value not in WORDS:
        raise ValueError(
            f"there is no role or duty {value!r}.{nearest(value, WORDS)} Known: {', '.join(WORDS)};"
            " or write a person, {name: …, email: …}, or a rota, {rota: …}"
        )
    return value


def _shape(given: Any) -> str:
    if isinstance(given, RotaCalledEntry) or (isinstance(given, dict) and "rota" in given):
        return "[rota]"
    return "[person]" if isinstance(given, dict | PersonEntry) else "[word]"


Word = Annotated[str, BeforeValidator(_word), Field(json_schema_extra={"enum": list(WORDS)})]
CalledEntry = Annotated[
    Annotated[Word, Tag("[word]")]
    | Annotated[PersonEntry, Tag("[person]")]
    | Annotated[RotaCalledEntry, Tag("[rota]")],
    Discriminator(_shape),
]


def offset_of(name: str) -> timedelta:
    """Return the time from the promised moment, such as -5 min for 'T-5m'."""
    sign, length = name[1:2], name[2:]
    span = int(length[:-1]) * UNITS[length[-1]] if length else timedelta()
    return -span if sign == "-" else span


def _step(name: str) -> str:
    if not re.fullmatch(STEP_PATTERN, name):
        raise ValueError(f"expected a time such as T-5m, T, T+15m or T+1h, found {name[:40]!r}")
    if not -NEAREST_BEFORE <= offset_of(name) <= FARTHEST:
        raise ValueError(f"expected a time from T-1h to T+24h, found {name!r}")
    return name


StepName = Annotated[str, AfterValidator(_step), Field(json_schema_extra={"pattern": STEP_PATTERN})]
EscalationEntry = Annotated[
    dict[StepName, CalledEntry],
    Field(min_length=1, max_length=10, json_schema_extra={"additionalProperties": False}),
]


def called(entry: str | PersonEntry | RotaCalledEntry) -> Called:
    """Return who is called."""
    if isinstance(entry, PersonEntry):
        return Person(name=entry.name, email=entry.email, entra_id=entry.entra_id)
    if isinstance(entry, RotaCalledEntry):
        return OnCall(rota=entry.rota)
    return Duty(entry) if entry in set(Duty) else Role(entry)


def steps(entry: EscalationEntry) -> tuple[Step, ...]:
    """Return the chain in the order in which its steps come."""
    found = (Step(offset=offset_of(name), whom=called(whom)) for name, whom in entry.items())
    return tuple(sorted(found, key=lambda step: step.offset))
