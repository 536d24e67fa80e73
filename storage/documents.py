"""How the engine's frozen dataclasses become JSON documents, and come back."""

from __future__ import annotations

from datetime import datetime

from pydantic import TypeAdapter

from comms.people import Person, Role
from comms.plan_version import PlanVersion
from comms.report import CanReport, Need
from comms.room import Place
from comms.statement import Statement
from comms.update import Approval

PERSON = TypeAdapter(Person)
PEOPLE = TypeAdapter(tuple[Person, ...])
ROLES = TypeAdapter(dict[Role, Person])
REPORT = TypeAdapter(CanReport)
NEED = TypeAdapter(Need)
PLANS = TypeAdapter(tuple[PlanVersion, ...])
PLACE = TypeAdapter(Place)
STATEMENT = TypeAdapter(Statement)
APPROVALS = TypeAdapter(tuple[Approval, ...])
PROMISES = TypeAdapter(dict[str, datetime])
