"""Go through a checklist: tick its items, and take a tick back."""

from __future__ import annotations

from comms.acts.show import show_checklist
from comms.checklist import Checklist, Line, Tick
from comms.desk import Scene
from comms.errors import Conflict, NotFound
from comms.incident import Incident, Status
from comms.people import TAKEABLE, Role


def checklists(scene: Scene, key: str) -> tuple[Checklist, ...]:
    """Return the incident's checklists that have items, by role."""
    incident = scene.book.incidents.get(key)
    ticks = scene.book.ticks.of(incident.key)
    found = (_checklist(scene, incident, role, ticks) for role in TAKEABLE)
    return tuple(one for one in found if one.lines)


def checklist(scene: Scene, key: str, role: Role) -> Checklist:
    """Return the checklist of one role; it has no lines where the plan has none for it."""
    incident = scene.book.incidents.get(key)
    return _checklist(scene, incident, role, scene.book.ticks.of(incident.key))


def tick(scene: Scene, key: str, role: Role, item: str) -> Checklist:
    """Tick an item off; what was ticked before stays as it was."""
    line = _line(scene, key, role, item)
    if line.tick is None:
        made = Tick(incident=key, role=role, item=item, by=scene.by, at=scene.now)
        scene.book.ticks.add(made)
        _tell(scene, key, role, line, what="ticked")
    return checklist(scene, key, role)


def untick(scene: Scene, key: str, role: Role, item: str) -> Checklist:
    """Take a tick back; what has none stays as it was."""
    line = _line(scene, key, role, item)
    if line.tick is not None:
        scene.book.ticks.remove(line.tick)
        _tell(scene, key, role, line, what="unticked")
    return checklist(scene, key, role)


def _checklist(scene: Scene, incident: Incident, role: Role, ticks: tuple[Tick, ...]) -> Checklist:
    made = {tick.item: tick for tick in ticks if tick.role is role}
    return Checklist(
        role=role,
        lines=tuple(
            Line(item=item, tick=made.get(item.id))
            for item in scene.plan.conduct.checklist(incident, role)
        ),
    )


def _line(scene: Scene, key: str, role: Role, item: str) -> Line:
    incident = scene.book.incidents.get(key)
    if incident.status in {Status.REVIEWED, Status.CLOSED}:
        raise Conflict(f"{key} is {incident.status}; nothing about it changes any more.")
    for line in checklist(scene, key, role).lines:
        if line.item.id == item:
            return line
    raise NotFound(f"The checklist of the {role.label} has no such item. Please look at it again.")


def _tell(scene: Scene, key: str, role: Role, line: Line, *, what: str) -> None:
    scene.tell(
        key,
        f"checklist.{what}",
        f"{scene.by.name} {what} on the {role.label}'s checklist: {line.item.text}",
        role=role.value,
        item=line.item.id,
    )
    show_checklist(scene, key, role)
