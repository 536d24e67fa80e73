"""Declare an incident: two inputs, no blame, no questionnaire."""

from __future__ import annotations

from collections.abc import Sequence

from comms import text
from comms.acts.promises import promise_first
from comms.acts.show import show_incident
from comms.acts.sources import freshen
from comms.acts.triage import services_of, tell_services
from comms.desk import Scene
from comms.errors import Conflict
from comms.incident import Incident, IncidentType, Severity, Status, move
from comms.outbox import Effect
from comms.room import Place


def declare(
    scene: Scene,
    *,
    title: str,
    severity: Severity,
    nonce: str,
    type: IncidentType = IncidentType.SERVICE,  # noqa: A002 (the product's word)
    services: Sequence[str] = (),
    summary: str = "",
    suspected: bool = False,
    drill: bool = False,
    place: Place | None = None,
) -> Incident:
    """Declare an incident, or return the one that the same form (`nonce`) declared already.

    A suspected one starts in triage and promises nothing yet. A drill is told to nobody outside.
    `place` is where in Teams it was declared. The war room opens after the transaction, from the
    outbox.
    """
    known = scene.book.incidents.declared_with(nonce)
    if known:
        return known
    incident = scene.book.incidents.add(
        Incident(
            id=0,
            key="",
            title=text.line(title, pointer="/title", required=True),
            severity=severity,
            status=Status.TRIAGE if suspected else Status.DECLARED,
            type=type,
            summary=text.text(summary, pointer="/summary"),
            services=services_of(scene, services),
            declared_by=scene.by,
            declared_at=scene.now,
            drill=drill,
            plans=(scene.plan_version,),
        ),
        nonce=nonce,
    )
    if place:
        scene.book.rooms.declared_in(incident.key, place)
    scene.tell(
        incident.key,
        "incident.declared",
        f"{scene.by.name} declared {incident.key} ({severity}"
        f"{', a drill' if drill else ''}): {incident.title}",
        severity=severity.value,
    )
    tell_services(scene, incident)
    scene.book.outbox.put(
        Effect(kind="room.open", key=f"room.open:{incident.key}", incident=incident.key),
        now=scene.now,
    )
    if not suspected:
        promise_first(scene, incident)
    freshen(scene, scene.plan.told_of(incident))
    return incident


def confirm(scene: Scene, key: str) -> Incident:
    """A suspected incident is one: it is declared, and readers are promised a first update."""
    incident = scene.book.incidents.get(key)
    if incident.status is not Status.TRIAGE:
        raise Conflict(f"{key} is {incident.status}, not in triage.")
    declared = move(incident, Status.DECLARED, now=scene.now)
    scene.book.incidents.save(declared)
    scene.tell(key, "incident.confirmed", f"{scene.by.name} confirmed {key} as an incident")
    promise_first(scene, declared)
    show_incident(scene, key)
    return declared
