"""A plan is taken up: open incidents go on under it, and what was approved stays as it is."""

from __future__ import annotations

from dataclasses import replace

from comms.acts.approve import discard
from comms.acts.draft import open_draft, redraft
from comms.acts.promises import withdraw_from
from comms.acts.show import show_incident
from comms.desk import Scene
from comms.incident import Incident
from comms.plan_version import PlanVersion

ALL = 100_000


def adopt(scene: Scene) -> int:
    """Let every open incident that ran under another plan go on under this one; return how many.

    1. The incident records the version, and from when on it holds.
    2. A draft is written anew, so that nobody approves what the new plan would not send. What was
       approved is sent as it was approved.
    3. An audience that the plan has no more is owed nothing any more.
    """
    used = scene.plan_version
    changed = [
        incident
        for incident in scene.book.incidents.find(open_only=True, limit=ALL)
        if (not incident.plans or incident.plans[-1].digest != used.digest)
        and scene.book.sightings.first(_change(incident, used), now=scene.now)
    ]
    for incident in changed:
        _go_on(scene, incident, used)
    return len(changed)


def show_plan_warning(scene: Scene) -> None:
    """Bring the cards of open incidents up to date: the plan's file has become wrong, or right."""
    for incident in scene.book.incidents.find(open_only=True, limit=ALL):
        show_incident(scene, incident.key)


def _change(incident: Incident, used: PlanVersion) -> str:
    """What replicas that take a plan up in the same moment both call this step of an incident."""
    return f"plan:{incident.key}:{len(incident.plans)}:{used.digest}"


def _go_on(scene: Scene, incident: Incident, used: PlanVersion) -> None:
    after = replace(incident, plans=(*incident.plans, used))
    scene.book.incidents.save(after)
    scene.tell(
        incident.key,
        "plan.changed",
        f"The communication plan is now {used.label}",
        plan=used.digest,
        version=used.name,
    )
    _redraft(scene, after)
    withdraw_from(scene, incident.key, left=[audience.name for audience in scene.plan.enabled()])
    show_incident(scene, incident.key)


def _redraft(scene: Scene, incident: Incident) -> None:
    before = open_draft(scene, incident.key)
    if before is None:
        return
    if scene.plan_for(incident).among(before.audiences):
        redraft(scene, incident)
    else:
        discard(scene, incident.key, before.number)
