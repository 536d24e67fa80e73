"""Ask for what the war room shows to be brought up to date; the outbox does it afterwards."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from comms.ask import Ask
from comms.desk import Scene
from comms.outage import Outage
from comms.outbox import Effect
from comms.people import Role
from comms.promise import Promise
from comms.regulator.countdown import Countdown
from comms.update import Update


def show_incident(scene: Scene, key: str) -> None:
    """Bring the war-room card up to date."""
    _put(scene, "room.refresh", key)


def show_offer(scene: Scene, key: str, role: Role) -> None:
    """Ask the war room who takes a role over."""
    _put(scene, "room.offer", key, role=role.value, by=scene.by.name)


def show_checklist(scene: Scene, key: str, role: Role, *, anew: bool = False) -> None:
    """Show the checklist of a role in its present state; `anew`: below all that has been said."""
    _put(scene, "room.checklist", key, role=role.value, anew=int(anew))


def show_handover(scene: Scene, key: str) -> None:
    """Tell whoever has just become comms lead what readers were promised."""
    _put(scene, "room.handover", key)


def show_update(scene: Scene, update: Update) -> None:
    """Show the update's card in its present state: draft, awaiting, approved or gone."""
    _put(scene, "room.update", update.incident, number=update.number)
    show_incident(scene, update.incident)


def show_approver(scene: Scene, update: Update) -> None:
    """Ask whoever may approve now in place of those who have not."""
    _put(scene, "room.approver", update.incident, number=update.number)


def show_changed(scene: Scene, key: str) -> None:
    """Ask for an update now: what some readers know is out of date."""
    _put(scene, "room.changed", key)


def show_current(scene: Scene, key: str) -> None:
    """Let that request say who knows by now, if it was made."""
    _put(scene, "room.current", key)


def show_broken_glass(scene: Scene, update: Update) -> None:
    """Tell everybody in the war room, and the duty manager, that the update broke the glass."""
    _put(scene, "room.glass", update.incident, number=update.number)


def show_reach(scene: Scene, key: str, number: int) -> None:
    """Show how far the update has got."""
    _put(scene, "room.reach", key, number=number)
    show_incident(scene, key)


def show_outage(
    scene: Scene, key: str, outage: Outage, *, ended_at: datetime | None = None
) -> None:
    """Say in the war room that a channel is out, or that it was."""
    _put(
        scene,
        "room.outage",
        key,
        channel=outage.channel.value,
        since=outage.since.isoformat(),
        why=outage.why,
        ended_at=ended_at.isoformat() if ended_at else "",
    )


def show_ask(scene: Scene, ask: Ask) -> None:
    """Show the ask's card in its present state."""
    _put(scene, "room.ask", ask.incident, ask=ask.id)
    show_incident(scene, ask.incident)


def show_unmet(scene: Scene, ask: Ask) -> None:
    """Remind whoever is to meet the ask; the reminder is as old as the moment it was due."""
    _put(scene, "room.unmet", ask.incident, ask=ask.id, at=scene.now.isoformat())


def show_countdown(scene: Scene, countdown: Countdown) -> None:
    """Show a regulator's countdown in its present state."""
    _put(scene, "room.countdown", countdown.incident, countdown=countdown.id)


def show_deadline(scene: Scene, countdown: Countdown, stage: str) -> None:
    """Remind whoever files of a stage."""
    at = scene.now.isoformat()
    _put(scene, "room.deadline", countdown.incident, countdown=countdown.id, stage=stage, at=at)


def show_settled(scene: Scene, promise: Promise, step: str, nudge: str) -> None:
    """Let the nudge of that name say that its promise is not owed any more, or was put off."""
    due_at = promise.due_at.isoformat()
    _put(scene, "room.answered", promise.incident, nudge=nudge, step=step, due_at=due_at)


def show_missed(scene: Scene, keys: Collection[str]) -> None:
    """A promise has passed: bring these incidents' cards and the status page up to date."""
    kinds = ("room.refresh", "page.refresh")
    effects = (_effect(kind, key) for key in sorted(keys) for kind in kinds)
    scene.book.outbox.put(*effects, now=scene.now)


def _put(scene: Scene, kind: str, key: str, **payload: str | int) -> None:
    scene.book.outbox.put(_effect(kind, key, **payload), now=scene.now)


def _effect(kind: str, key: str, **payload: str | int) -> Effect:
    # A key of its own each time: what is shown may have changed again within the same moment.
    return Effect(kind=kind, key=f"{kind}:{key}:{uuid4().hex}", incident=key, payload=payload)
