"""Promises: made when an incident is declared and with every update, answered by the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from comms.acts.show import show_incident, show_page
from comms.desk import Scene
from comms.incident import Incident
from comms.outbox import Effect
from comms.plan.model import Audience
from comms.promise import Phase, Promise, PromiseState, answered, first_due, tightened
from comms.timer import Timer
from comms.update import Update


def promise_first(scene: Scene, incident: Incident) -> None:
    """Promise each audience its first update."""
    for audience in scene.plan.enabled():
        due = first_due(audience, incident)
        if due:
            _promise(scene, incident.key, audience, due)


def answer(scene: Scene, update: Update) -> None:
    """Update `update` goes out now: what its audiences were owed is answered, the next promised.

    The promise made is the one that the update prints.
    """
    for promise in scene.book.promises.of(update.incident):
        if promise.is_owed and promise.audience in update.audiences:
            _answer(scene, promise, update.number)
    for name, due in update.promises.items():
        _promise(scene, update.incident, scene.plan.audience(name), due)


def withdraw(scene: Scene, key: str) -> None:
    """Nobody is owed anything any more: it was no incident."""
    for promise in scene.book.promises.of(key):
        if promise.is_owed:
            scene.book.promises.save(replace(promise, state=PromiseState.WITHDRAWN))
            scene.book.timers.cancel(f"promise:{promise.id}:")


def tighten(scene: Scene, incident: Incident) -> None:
    """The severity has changed: what is owed comes sooner if need be, never later."""
    for promise in scene.book.promises.of(incident.key):
        sooner = tightened(promise, scene.plan, incident.severity, scene.now)
        if sooner != promise and promise.is_owed:
            scene.book.promises.save(sooner)
            _set_timers(scene, sooner)


def fire(scene: Scene, timer: Timer) -> None:
    """A phase of a promise has come; its effect is written with the timer's end.

    After a stop a phase may come late. A nudge whose moment of truth has passed is left out: the
    miss itself is told instead, with how late it was noticed.
    """
    promise = scene.book.promises.get(timer.subject)
    if not promise.is_owed:
        return
    phase = Phase(timer.kind.removeprefix("promise."))
    if phase is Phase.NUDGE and scene.now >= promise.due_at:
        return
    if phase is Phase.DUE:
        _miss(scene, promise)
    scene.book.outbox.put(
        Effect(
            kind="room.nudge",
            # One card for all audiences that were promised the same moment.
            key=f"nudge:{promise.incident}:{phase}:{promise.due_at.isoformat()}",
            incident=promise.incident,
            payload={"phase": phase.value, "due_at": promise.due_at.isoformat()},
        )
    )


def _promise(scene: Scene, key: str, audience: Audience, due: datetime) -> None:
    promise = scene.book.promises.add(
        Promise(id=0, incident=key, audience=audience.name, made_at=scene.now, due_at=due)
    )
    _set_timers(scene, promise)


def _set_timers(scene: Scene, promise: Promise) -> None:
    for phase in Phase:
        scene.book.timers.set(
            Timer(
                key=f"promise:{promise.id}:{phase}",
                due_at=promise.phase_at(phase),
                kind=f"promise.{phase}",
                incident=promise.incident,
                subject=promise.id,
            )
        )


def _answer(scene: Scene, promise: Promise, number: int) -> None:
    kept = answered(promise, number=number, now=scene.now)
    scene.book.promises.save(kept)
    scene.book.timers.cancel(f"promise:{promise.id}:")
    late = "" if kept.state is PromiseState.KEPT else ", late"
    scene.tell(
        promise.incident,
        f"promise.{kept.state}",
        f"Update {number} answers the promise to {promise.audience}{late}",
        audience=promise.audience,
        update=number,
    )


def _miss(scene: Scene, promise: Promise) -> None:
    scene.book.promises.save(replace(promise, state=PromiseState.MISSED))
    late = int((scene.now - promise.due_at).total_seconds())
    noticed = f"; noticed {late // 60} min later" if late >= 60 else ""
    scene.tell(
        promise.incident,
        "promise.missed",
        f"The update promised to {promise.audience} is overdue{noticed}",
        audience=promise.audience,
        late_seconds=late,
    )
    show_incident(scene, promise.incident)
    show_page(scene, promise.incident)
