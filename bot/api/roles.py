"""Roles: who leads, who writes, who keeps the record."""

from __future__ import annotations

from enum import StrEnum

from bot.api.incident_told import IncidentState, incident_state
from bot.api.keys import Key
from bot.api.operation import Call, Table
from bot.api.shapes import Given, PersonGiven
from comms.acts.incident import assign
from comms.desk import Scene
from comms.people import TAKEABLE, Role

table = Table(tag="incidents")

Takeable = StrEnum("Takeable", [(role.name, role.value) for role in TAKEABLE])  # type: ignore[misc] # mypy wants the names spelt out; the engine's list has them
"""The roles that a person can be given in an incident."""


class Assignment(Given):
    """Who takes which role, in place of whoever had it."""

    role: Takeable
    person: PersonGiven


@table.post("/incidents/{key}/roles", problems=(409,))
async def assign_role(call: Call, key: Key, body: Assignment) -> IncidentState:
    """Give a role to a person.

    An open draft is rendered anew: its hash changes.
    """
    person = body.person.person()

    def act(scene: Scene) -> IncidentState:
        assign(scene, key, role=Role(body.role.value), person=person)
        return incident_state(scene, key)

    return await call.do(act)
