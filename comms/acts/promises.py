"""Promises: made when an incident is declared and with every update, answered by the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from comms import text
from comms.acts.show import show_missed, show_settled
from comms.desk import Scene
from comms.errors import Conflict, Invalid
from comms.incident import Incident
from comms.outbox import Effect
from comms.plan.escalation import Phase, step_of
from comms.plan.model import Audience
from comms.promise import (
    SNOOZE,
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

AGAIN = "again"
"""What a reminder that was put off is called where steps have their keys."""

TIMERS = tuple(f"promise.{name}" for name in (*Phase, AGAIN))
"""The kinds of timers that are set for promises."""


def promise_first(scene: Scene, incident: Incident) -> None:
    """Promise each audience its first update, from now on."""
    first = {
        audience.name: first_due(scene.plan, audience, incident, scene.now)
        for audience in scene.plan.told_of(incident)
    }
    _promise(scene, incident.key, {name: due for name, due in first.items() if due})


def answer(scene: Scene, update: Update) -> None:
    """Update `update` goes out now: what its audiences were owed is answered, the next promised.

    The promise made is the one that the update prints. After the last update nobody waits who
    was never told of the incident: their first promise is withdrawn.
    """
    owed = [p for p in scene.book.promises.of(update.incident) if p.is_owed]
    _answer(scene, [p for p in owed if p.audience in update.audiences], update.number)
    if update.kind is Kind.RESOLVED:
        told = _told(scene, update.incident) | set(update.audiences)
        for promise in owed:
            if promise.audience not in told:
                _withdraw(scene, promise)
    _promise(scene, update.incident, update.promises)


def withdraw(scene: Scene, key: str) -> None:
    """Nobody is owed anything any more: the incident is closed."""
    for promise in scene.book.promises.of(key):
        if promise.is_owed:
            _withdraw(scene, promise)


def withdraw_from(scene: Scene, key: str, *, left: Collection[str]) -> None:
    """Nobody but these audiences is owed anything any more: the plan has the others no more."""
    for promise in scene.book.promises.of(key):
        if promise.is_owed and promise.audience not in left:
            _withdraw(scene, promise)


def tighten(scene: Scene, incident: Incident) -> None:
    """Severity or status have changed: what is owed comes sooner if need be, never later.

    An audience that was promised nothing before is promised now what the plan asks for. Whoever
    was told already hears at the cadence, the others for the first time.
    """
    told = _told(scene, incident.key)
    owed = {p.audience: p for p in scene.book.promises.of(incident.key) if p.is_owed}
    fresh: dict[str, datetime] = {}
    for audience in scene.plan.told_of(incident):
        due = _due(scene, audience, incident, is_told=audience.name in told)
        if due is None:
            continue
        promise = owed.get(audience.name)
        if promise is None:
            fresh[audience.name] = due
        elif (sooner := tightened(promise, due)) != promise:
            scene.book.promises.save(sooner)
            scene.book.timers.set(_timers(scene, sooner))
    _promise(scene, incident.key, fresh)


def fire(scene: Scene, timers: Sequence[Timer]) -> None:
    """Phases of promises have come; their effects are written with the timers' end.

    After a stop a phase may come late. A nudge whose moment of truth has passed is left out: the
    miss itself is told instead, with how late it was noticed.
    """
    promises = {p.id: p for p in scene.book.promises.find([t.subject for t in timers])}
    owed = [
        (t.key.rpartition(":")[2], promises[t.subject])
        for t in timers
        if promises[t.subject].is_owed
    ]
    _miss(scene, [promise for step, promise in owed if step == Phase.DUE.value])
    nudges = [
        _nudge(scene, step, promise)
        for step, promise in owed
        if not _is_quiet(scene, step, promise)
    ]
    scene.book.outbox.put(*nudges, now=scene.now)


def snooze(scene: Scene, key: str, *, due_at: datetime, reason: str) -> datetime:
    """Put the reminders of what was promised for `due_at` off, once; return until when.

    What readers were promised stays as it is, and a miss is recorded as ever. Conflict where
    nobody waits for it any more, or it was put off before.
    """
    why = text.line(reason, pointer="/reason")
    if not why:
        raise Invalid("Say why; it is recorded.", pointer="/reason")
    owed = [p for p in scene.book.promises.of(key) if p.is_owed and p.due_at == due_at]
    if not owed:
        raise Conflict("Nobody waits for this update any more.")
    if any(promise.snoozed_until for promise in owed):
        raise Conflict(
            "This was put off once already. Send an update: 'no change' is one, in one tap."
        )
    until = scene.now + SNOOZE
    for promise in owed:
        _put_off(scene, replace(promise, snoozed_until=until))
    audiences = ", ".join(promise.audience for promise in owed)
    scene.tell(
        key,
        "promise.snoozed",
        f"{scene.by.name} put the reminder for {audiences} off by"
        f" {SNOOZE // timedelta(minutes=1)} min: {why}",
        until=until.isoformat(),
    )
    return until


def _put_off(scene: Scene, promise: Promise) -> None:
    scene.book.promises.save(promise)
    scene.book.timers.cancel(f"promise:{promise.id}:{Phase.NUDGE}")
    later = [
        step
        for step in scene.plan.escalation
        if step.phase is Phase.ESCALATE and not promise.has_come(step)
    ]
    scene.book.timers.set(
        [
            _timer(promise, AGAIN, promise.snoozed_until or scene.now),
            *(_timer(promise, step.key, promise.step_at(step)) for step in later),
        ]
    )
    _settle_nudges(scene, promise)


def _due(scene: Scene, audience: Audience, incident: Incident, *, is_told: bool) -> datetime | None:
    due = next_due if is_told else first_due
    return due(scene.plan, audience, incident, scene.now)


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
    scene.book.timers.set([timer for promise in made for timer in _timers(scene, promise)])


def _timers(scene: Scene, promise: Promise) -> list[Timer]:
    """One for each step of the escalation, and one for the moment itself, when it is missed."""
    moments = {Phase.DUE.value: promise.due_at}
    moments |= {step.key: promise.step_at(step) for step in scene.plan.escalation}
    return [_timer(promise, step, at) for step, at in moments.items()]


def _timer(promise: Promise, step: str, due_at: datetime) -> Timer:
    plain = step in {AGAIN, Phase.NUDGE.value, Phase.DUE.value}
    return Timer(
        key=f"promise:{promise.id}:{step}",
        due_at=due_at,
        kind=f"promise.{step if plain else Phase.ESCALATE.value}",
        incident=promise.incident,
        subject=promise.id,
    )


def _answer(scene: Scene, promises: Sequence[Promise], number: int) -> None:
    kept = [answered(promise, number=number, now=scene.now) for promise in promises]
    scene.book.promises.save(*kept)
    for promise in promises:
        scene.book.timers.cancel(f"promise:{promise.id}:")
        _settle_nudges(scene, promise)
    scene.tell_all(
        Entry(
            incident=promise.incident,
            at=scene.now,
            by=scene.by,
            kind=f"promise.{promise.state}",
            text=f"Update {number} answers the promise to {promise.audience}"
            + ("" if promise.state is PromiseState.KEPT else ", late"),
            facts={"audience": promise.audience, "update": number},
        )
        for promise in kept
    )


def _is_quiet(scene: Scene, step: str, promise: Promise) -> bool:
    """A nudge that comes after the moment of truth is stale; some were put off; and at that
    moment the plan may ask nobody."""
    if step == Phase.NUDGE.value and scene.now >= promise.due_at:
        return True
    if step == Phase.DUE.value and not any(s.key == step for s in scene.plan.escalation):
        return True
    return promise.is_snoozed(scene.now)


def _nudge(scene: Scene, timed: str, promise: Promise) -> Effect:
    steps = scene.plan.escalation
    step = promise.step_again(steps) if timed == AGAIN else timed
    return Effect(
        kind="room.nudge",
        key=_nudge_key(timed, promise),
        incident=promise.incident,
        payload={
            "phase": step_of(steps, step).phase.value,
            "step": step,
            "due_at": promise.due_at.isoformat(),
        },
    )


def _nudge_key(timed: str, promise: Promise) -> str:
    """Name the card: one for all audiences that were promised the same moment."""
    return f"nudge:{promise.incident}:{timed}:{promise.due_at.isoformat()}"


def _settle_nudges(scene: Scene, promise: Promise) -> None:
    """What has been answered, or put off, must not look as if it still had to be."""
    steps = scene.plan.escalation
    for step in steps:
        if promise.snoozed_until or promise.step_at(step) <= scene.now:
            show_settled(scene, promise, step.key, _nudge_key(step.key, promise))
    if promise.snoozed_until:
        show_settled(scene, promise, promise.step_again(steps), _nudge_key(AGAIN, promise))


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
