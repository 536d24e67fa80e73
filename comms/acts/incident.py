"""Lead an incident: roles, severity, status, notes, the end."""

from __future__ import annotations

from dataclasses import replace

from comms import text
from comms.acts.declare import confirm
from comms.acts.draft import (
    Preview,
    draft,
    open_draft,
    opening,
    preview,
    redraft,
)
from comms.acts.kind import last_approved
from comms.acts.promises import tighten, withdraw
from comms.acts.show import show_checklist, show_handover, show_incident, show_offer
from comms.acts.unaware import ask_for_update
from comms.desk import Scene
from comms.errors import Conflict, Invalid
from comms.incident import Incident, Severity, Status, move
from comms.people import Person, Role
from comms.report import CanReport
from comms.update import Kind, UpdateState


def assign(scene: Scene, key: str, *, role: Role, person: Person) -> Incident:
    """Give a role to a person, in place of whoever had it; giving it again changes nothing."""
    incident = scene.book.incidents.get(key)
    _not_over(incident)
    before = incident.holder(role)
    if before and before.is_same(person):
        return incident
    after = replace(incident, roles={**incident.roles, role: person})
    scene.book.incidents.save(after)
    instead = f" in place of {before.name}" if before else ""
    scene.tell(
        key,
        "role.assigned",
        f"{person.name} is {role.label}{instead}",
        role=role.value,
        person=person.name,
    )
    if role is Role.COMMS_LEAD and before and any(p.is_owed for p in scene.book.promises.of(key)):
        show_handover(scene, key)
    if scene.plan.conduct.checklist(after, role) or scene.plan.conduct.rules_for(after):
        show_checklist(scene, key, role, anew=True)
    redraft(scene, after)
    show_incident(scene, key)
    return after


def offer(scene: Scene, key: str, *, role: Role) -> None:
    """Ask the war room who takes a role over. Until somebody does, nothing changes."""
    incident = scene.book.incidents.get(key)
    _not_over(incident)
    scene.tell(
        key, "role.offered", f"{scene.by.name} asks who takes over as {role.label}", role=role.value
    )
    show_offer(scene, key, role)


def change_severity(scene: Scene, key: str, severity: Severity) -> Incident:
    """Change the severity: promises come sooner if need be, an open draft is rendered anew."""
    incident = scene.book.incidents.get(key)
    _not_over(incident)
    if incident.severity is severity:
        return incident
    after = replace(incident, severity=severity)
    scene.book.incidents.save(after)
    scene.tell(
        key,
        "incident.severity",
        f"{scene.by.name} changed {key} from {incident.severity} to {severity}",
        before=incident.severity.value,
        after=severity.value,
    )
    if after.status.is_open and after.status is not Status.TRIAGE:
        tighten(scene, after)
    ask_for_update(scene, after)
    redraft(scene, after)
    show_incident(scene, key)
    return after


def change_status(scene: Scene, key: str, status: Status) -> Incident:
    """Move the incident; nothing is sent by this.

    If a resolved one comes back, its readers are promised to hear of it.
    """
    incident = scene.book.incidents.get(key)
    if (incident.status, status) == (Status.TRIAGE, Status.DECLARED):
        return confirm(scene, key)
    after = move(incident, status, now=scene.now)
    if after == incident:
        return incident
    scene.book.incidents.save(after)
    scene.tell(
        key, "incident.status", f"{scene.by.name}: {key} is now {status}", status=status.value
    )
    if status is Status.CLOSED:
        withdraw(scene, key)
    else:
        if status.is_open:
            tighten(scene, after)
        ask_for_update(scene, after)
        redraft(scene, after)
    show_incident(scene, key)
    return after


def note(scene: Scene, key: str, words: str) -> None:
    """Write a line into the timeline."""
    incident = scene.book.incidents.get(key)
    kept = text.text(words, pointer="/text")
    if not kept:
        raise Invalid("Write what happened.", pointer="/text")
    scene.tell(incident.key, "note", kept)
    show_incident(scene, key)


def resolve(scene: Scene, key: str, *, report: CanReport | None = None) -> Preview:
    """Resolve the incident and draft its last update.

    The fact is recorded at once; what readers are told waits for approval like any update. Whoever
    has ever been told of the incident is told of its end.
    """
    incident = scene.book.incidents.get(key)
    _not_over(incident)
    if incident.status is not Status.RESOLVED:
        change_status(scene, key, Status.RESOLVED)
    elif report is None and (last := _last_word(scene, key)):
        return last
    final = report or replace(opening(scene, key), needs=())
    if not final.conditions:
        final = replace(final, conditions=f"{incident.title}: resolved.")
    return draft(scene, key, report=final, audiences=_told(scene, key, final))


def _last_word(scene: Scene, key: str) -> Preview | None:
    """The update that told of the end, where it has gone out and nothing has been drafted since."""
    sent = last_approved(scene, key)
    if sent is None or sent.kind is not Kind.RESOLVED or open_draft(scene, key):
        return None
    return preview(scene, key, sent.number)


def _told(scene: Scene, key: str, report: CanReport) -> tuple[str, ...] | None:
    """Those who were told or are owed an update, and those whom the report has a text for."""
    if last_approved(scene, key) is None:
        return None
    told = {
        name
        for update in scene.book.updates.of(key)
        if update.state is UpdateState.APPROVED
        for name in update.audiences
    }
    owed = {promise.audience for promise in scene.book.promises.of(key) if promise.is_owed}
    return tuple(
        audience.name
        for audience in scene.plan.told_of(scene.book.incidents.get(key))
        if audience.name in told
        or (audience.name in owed and not audience.reads_as_customers)
        or (report.customer and "symptom" in audience.sees)
    )


def _not_over(incident: Incident) -> None:
    if incident.status in {Status.REVIEWED, Status.CLOSED}:
        raise Conflict(f"{incident.key} is {incident.status}; nothing about it changes any more.")
