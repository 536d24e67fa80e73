"""Who is called: the people behind a role, a duty or a name of the plan."""

from __future__ import annotations

from comms.acts.sources import on_call
from comms.approval import known
from comms.desk import Scene
from comms.incident import Incident
from comms.people import Person, Role
from comms.plan.called import Called, OnCall
from comms.plan.escalation import Phase, Step


def people_called(scene: Scene, called: Called, incident: Incident) -> tuple[Person, ...]:
    """Return the people who are meant at this moment; nobody where a role is not taken."""
    match called:
        case Role():
            holder = incident.holder(called)
            return (holder,) if holder else tuple(scene.plan.approvers.get(called, ()))
        case Person():
            return (known(called, incident, scene.plan) or called,)
        case OnCall():
            people = on_call(scene, called.rota, scene.now)
            return tuple(known(one, incident, scene.plan) or one for one in people)
        case _:
            return (scene.plan.duty_manager,) if scene.plan.duty_manager else ()


def reminded(scene: Scene, step: Step, incident: Incident) -> Person | None:
    """Return who is reminded at this step; where nobody is there, whoever leads."""
    called = people_called(scene, step.whom, incident)
    lead, commander = (
        incident.holder(Role.COMMS_LEAD),
        incident.holder(Role.INCIDENT_COMMANDER),
    )
    leads = (lead, commander) if step.phase is Phase.NUDGE else (commander, lead)
    return next((person for person in (*called, *leads) if person), None)
