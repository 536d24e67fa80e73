"""Promises: made when an incident is declared and with every update, answered by the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from comms.acts.show import show_answered, show_missed
from comms.desk import Scene
from comms.incident import Incident, Severity
from comms.outbox import Effect
from comms.plan.model import Audience
from comms.promise import (
    Phase,
    Promise,
    PromiseState,
    answered,
    first_due,
    next_due,
    tightened,
    withdrawn,
)
from comms.timeline import Entry
from comms.timer import Timer
from comms.update import Kind, Update, UpdateState

TIMERS = tuple(f"promise.{phase}" for phase in Phase)
"""The kinds of timers that are set for promises."""


def promise_first(scene: Scene, incident: Incident) -> None:
    """Promise each audience its first update, from now on."""
    first = {
        audience.name: first_due(audience, incident.severity, scene.now)
        for audience in scene.plan.told_of(incident)
    }
    _promise(scene, incident.key, {name: due for name, due in first.items() if due})


def answer(scene: Scene, update: Update) -> None:
    """Update `update` goes out now: what its audiences were owed is answered, the next promised.

    The promise made is the one that the update prints. After the last update nobody waits who
    was never told of the incident: their first promise is withdrawn.
    """
    told = _told(scene, update.incident) | set(update.audiences)
    for promise in scene.book.promises.of(update.incident):
        if promise.is_owed and promise.audience in update.audiences:
            _answer(scene, promise, update.number)
        elif promise.is_owed and update.kind is Kind.RESOLVED and promise.audience not in told:
            _withdraw(scene, promise)
    _promise(scene, update.incident, update.promises)


def withdraw(scene: Scene, key: str) -> None:
    """Nobody is owed anything any more: the incident is closed."""
    for promise in scene.book.promises.of(key):
        if promise.is_owed:
            _withdraw(scene, promise)


def tighten(scene: Scene, incident: Incident) -> None:
    """The severity has changed: what is owed comes sooner if need be, never later.

    An audience that was promised nothing at the old severity is promised now what the new one
    asks for. Whoever was told already hears at the cadence, the others for the first time.
    """
    told = _told(scene, incident.key)
    owed = {p.audience: p for p in scene.book.promises.of(incident.key) if p.is_owed}
    fresh: dict[str, datetime] = {}
    for audience in scene.plan.told_of(incident):
        due = _due(audience, incident.severity, scene.now, is_told=audience.name in told)
        if due is None:
            continue
        promise = owed.get(audience.name)
        if promise is None:
            fresh[audience.name] = due
        elif (sooner := tightened(promise, due)) != promise:
            scene.book.promises.save(sooner)
            scene.book.timers.set(_timers(sooner))
    _promise(scene, incident.key, fresh)


def fire(scene: Scene, timers: Sequence[Timer]) -> None:
    """Phases of promises have come; their effects are written with the timers' end.

    After a stop a phase may come late. A nudge whose moment of truth has passed is left out: the
    miss itself is told instead, with how late it was noticed.
    """
    promises = {p.id: p for p in scene.book.promises.find([t.subject for t in timers])}
    come = [
        (phase, promise)
        for timer in timers
        if (promise := promises[timer.subject]).is_owed
        and not _is_stale(phase := Phase(timer.kind.removeprefix("promise.")), promise, scene.now)
    ]
    _miss(scene, [promise for phase, promise in come if phase is Phase.DUE])
    scene.book.outbox.put(*(_nudge(phase, promise) for phase, promise in come), now=scene.now)


def _due(
    audience: Audience, severity: Severity, now: datetime, *, is_told: bool
) -> datetime | None:
    return next_due(audience, severity, now) if is_told else first_due(audience, severity, now)


def _told(scene: Scene, key: str) -> set[str]:
    """The audiences that an update of the incident has gone out to."""
    return {
        name
        for update in scene.book.updates.of(key)
        if update.state is UpdateState.APPROVED
        for name in update.audiences
    }


def _withdraw(scene: Scene, promise: Promise) -> None:
    scene.book.promises.save(withdrawn(promise, scene.now))
    scene.book.timers.cancel(f"promise:{promise.id}:")
    _settle_nudges(scene, promise)
    scene.tell(
        promise.incident,
        "promise.withdrawn",
        f"Nothing is owed to {promise.audience} any more",
        audience=promise.audience,
    )


def _promise(scene: Scene, key: str, dues: Mapping[str, datetime]) -> None:
    """Promise an update to each of these audiences by its moment."""
    made = scene.book.promises.add(
        [
            Promise(id=0, incident=key, audience=audience, made_at=scene.now, due_at=due)
            for audience, due in dues.items()
        ]
    )
    scene.book.timers.set([timer for promise in made for timer in _timers(promise)])


def _timers(promise: Promise) -> list[Timer]:
    return [
        Timer(
            key=f"promise:{promise.id}:{phase}",
            due_at=promise.phase_at(phase),
            kind=f"promise.{phase}",
            incident=promise.incident,
            subject=promise.id,
        )
        for phase in Phase
    ]


def _answer(scene: Scene, promise: Promise, number: int) -> None:
    kept = answered(promise, number=number, now=scene.now)
    scene.book.promises.save(kept)
    scene.book.timers.cancel(f"promise:{promise.id}:")
    _settle_nudges(scene, promise)
    late = "" if kept.state is PromiseState.KEPT else ", late"
    scene.tell(
        promise.incident,
        f"promise.{kept.state}",
        f"Update {number} answers the promise to {promise.audience}{late}",
        audience=promise.audience,
        update=number,
    )


def _is_stale(phase: Phase, promise: Promise, now: datetime) -> bool:
    return phase is Phase.NUDGE and now >= promise.due_at


def _nudge(phase: Phase, promise: Promise) -> Effect:
    return Effect(
        kind="room.nudge",
        key=_nudge_key(phase, promise),
        incident=promise.incident,
        payload={"phase": phase.value, "due_at": promise.due_at.isoformat()},
    )


def _nudge_key(phase: Phase, promise: Promise) -> str:
    """Name the card: one for all audiences that were promised the same moment."""
    return f"nudge:{promise.incident}:{phase}:{promise.due_at.isoformat()}"


def _settle_nudges(scene: Scene, promise: Promise) -> None:
    """What has been answered must not look as if it still had to be."""
    for phase in Phase:
        if promise.phase_at(phase) <= scene.now:
            show_answered(scene, promise, phase, _nudge_key(phase, promise))


def _miss(scene: Scene, promises: Sequence[Promise]) -> None:
    scene.book.promises.save(*(replace(p, state=PromiseState.MISSED) for p in promises))
    scene.tell_all(_missed(scene, promise) for promise in promises)
    show_missed(scene, {promise.incident for promise in promises})


def _missed(scene: Scene, promise: Promise) -> Entry:
    late = int((scene.now - promise.due_at).total_seconds())
    noticed = f"; noticed {late // 60} min later" if late >= 60 else ""
    return Entry(
        incident=promise.incident,
        at=scene.now,
        by=scene.by,
        kind="promise.missed",
        text=f"The update promised to {promise.audience} is overdue{noticed}",
        facts={"audience": promise.audience, "late_seconds": late},
    )
