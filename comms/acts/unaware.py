"""What readers know is out of date: a material change asks for an update now, not at its time."""

from __future__ import annotations

from comms.acts.kind import last_approved
from comms.acts.show import show_changed, show_current
from comms.desk import Scene
from comms.incident import Incident, Status
from comms.update import Update, UpdateState


def unaware(scene: Scene, incident: Incident) -> dict[str, Update]:
    """Return the audiences to whom something material has not been said, with what they read last.

    Material are the severity, the status and what customers notice; the rest waits for its time.
    """
    if not incident.status.is_open:
        return {}
    truth = _truth(incident, last_approved(scene, incident.key))
    known = last_read(scene, incident.key)
    return {name: update for name, update in known.items() if _read(update) != truth}


def last_read(scene: Scene, key: str) -> dict[str, Update]:
    """The last update that went out to each audience, in the plan's order."""
    read: dict[str, Update] = {}
    for update in scene.book.updates.of(key):
        if update.state is UpdateState.APPROVED:
            read.update(dict.fromkeys(update.audiences, update))
    return {a.name: read[a.name] for a in scene.plan.enabled() if a.name in read}


def ask_for_update(scene: Scene, incident: Incident) -> None:
    """Severity or status have changed: whoever writes is asked to tell those who read otherwise."""
    if unaware(scene, incident):
        show_changed(scene, incident.key)
    elif last_read(scene, incident.key):
        show_current(scene, incident.key)


def told(scene: Scene, incident: Incident, before: Update | None) -> None:
    """An update has gone out. Where it brought news, those who did not get it are asked for.

    `incident` is as it was before it, and `before` the update that went out last.
    """
    after = scene.book.incidents.get(incident.key)
    if _truth(incident, before) == _truth(after, last_approved(scene, incident.key)):
        show_current(scene, incident.key)
    else:
        ask_for_update(scene, after)


def _truth(incident: Incident, last: Update | None) -> tuple[object, ...]:
    return (incident.severity, _as_read(incident.status), *_notices(last))


def _read(update: Update) -> tuple[object, ...]:
    return (update.severity, _as_read(update.status), *_notices(update))


def _notices(update: Update | None) -> tuple[str, str]:
    """What customers notice."""
    text = update.report.customer if update else None
    return (text.symptom, text.scope) if text else ("", "")


def _as_read(status: Status) -> Status:
    """To readers a declared incident is being investigated."""
    return Status.INVESTIGATING if status is Status.DECLARED else status
