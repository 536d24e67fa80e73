"""Count a regulator's deadlines down: started, filed and stopped by people, never by Sitrep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from comms import text
from comms.acts.kind import last_approved
from comms.acts.show import show_countdown, show_deadline, show_incident
from comms.desk import Scene
from comms.errors import Conflict, Invalid, NotFound
from comms.regulator.countdown import Countdown, Filed, Phase
from comms.regulator.form import Answered, Known, filled
from comms.regulator.regime import Regime, regimes
from comms.timer import Timer

TIMERS = tuple(f"countdown.{phase}" for phase in Phase)
"""The kinds of timers that are set for countdowns."""

SKEW = timedelta(minutes=5)
"""How far ahead of ours the clock of whoever types a time may be."""


def start(scene: Scene, key: str, regime: str, *, at: datetime | None = None) -> Countdown:
    """Start a regime's countdown at the event that its law counts from (`at`; None: now).

    Started again it is as it was: a law's time does not begin anew. One that was stopped goes on
    from its own beginning.
    """
    incident = scene.book.incidents.get(key)
    law = _in_use(scene, regime)
    begun = _past(scene, at)
    known = _running(scene, key, regime)
    if known is not None and not known.stopped:
        return known
    if known is not None:
        countdown = replace(known, stopped="")
        scene.book.countdowns.save(countdown)
    else:
        countdown = scene.book.countdowns.add(
            Countdown(
                id=0,
                incident=key,
                regime=regime,
                started_at=begun,
                aware_at=min(begun, incident.declared_at),
                started_by=scene.by,
            )
        )
    scene.tell(
        key, "countdown.started", f"{scene.by.name} started the {law.label} clock", regime=regime
    )
    return _shown(scene, countdown)


def file(scene: Scene, key: str, regime: str, stage: str, *, reference: str = "") -> Countdown:
    """Record that a stage was filed with the authority, now; recorded twice it stays the first."""
    countdown = get(scene, key, regime)
    wanted = countdown.law.stage(stage)
    if stage in countdown.filed:
        return countdown
    done = Filed(
        at=scene.now, by=scene.by, reference=text.line(reference, pointer="/reference", limit=200)
    )
    late = "" if scene.now <= countdown.due(wanted) else ", late"
    after = replace(countdown, filed={**countdown.filed, stage: done})
    scene.book.countdowns.save(after)
    scene.tell(
        key,
        "countdown.filed",
        f"{scene.by.name} filed with {countdown.law.authority}:"
        f" {countdown.law.label} {wanted.label.lower()}{late}",
        regime=regime,
        stage=stage,
    )
    return _shown(scene, after)


def stop(scene: Scene, key: str, regime: str, *, reason: str) -> Countdown:
    """Stop a countdown that does not apply, with the reason."""
    countdown = get(scene, key, regime)
    why = text.line(reason, pointer="/reason")
    if not why:
        raise Invalid("Say why it does not apply; it is recorded.", pointer="/reason")
    if countdown.stopped:
        return countdown
    after = replace(countdown, stopped=why)
    scene.book.countdowns.save(after)
    scene.tell(
        key,
        "countdown.stopped",
        f"{scene.by.name} stopped the {countdown.law.label} clock: {why}",
        regime=regime,
    )
    return _shown(scene, after)


def get(scene: Scene, key: str, regime: str) -> Countdown:
    """Return the incident's countdown of a regime; NotFound where it was not started."""
    scene.book.incidents.get(key)
    found = _running(scene, key, regime)
    if found is None:
        raise NotFound(f"{key} has no {_named(regime)} clock. Start it first.")
    return found


def form(scene: Scene, key: str, regime: str) -> tuple[Answered, ...]:
    """Return the form of a regime, filled from the record; nobody files it but a person."""
    last = last_approved(scene, key)
    return filled(
        Known(
            incident=scene.book.incidents.get(key),
            countdown=get(scene, key, regime),
            plan=scene.plan,
            report=last.report if last else None,
        )
    )


def fire(scene: Scene, timers: Sequence[Timer]) -> None:
    """Deadlines come near, or have come: whoever files is reminded of those that are left."""
    for timer in timers:
        countdown = scene.book.countdowns.get(timer.subject)
        stage = timer.key.split(":")[2]
        if stage in {left.name for left in countdown.left}:
            show_deadline(scene, countdown, stage)
            if timer.kind == f"countdown.{Phase.DUE}":
                _tell_overdue(scene, countdown, stage)


def _in_use(scene: Scene, regime: str) -> Regime:
    if regime in scene.plan.regulators:
        return regimes()[regime]
    known = ", ".join(scene.plan.regulators) or "none"
    raise Conflict(
        f"The plan counts down for no {_named(regime)}. It has: {known}.", pointer="/regime"
    )


def _past(scene: Scene, at: datetime | None) -> datetime:
    if at is None:
        return scene.now
    if at.tzinfo is None:
        raise Invalid("Give the time with its zone, like 2026-01-05T09:30Z.", pointer="/at")
    if at > scene.now + SKEW:
        raise Invalid(
            "A law counts from what has happened, not from a time to come.", pointer="/at"
        )
    return min(at.astimezone(UTC), scene.now)


def _running(scene: Scene, key: str, regime: str) -> Countdown | None:
    return next((c for c in scene.book.countdowns.of(key) if c.regime == regime), None)


def _named(regime: str) -> str:
    known = regimes().get(regime)
    return known.label if known else repr(regime[:20])


def _shown(scene: Scene, countdown: Countdown) -> Countdown:
    """Set the reminders anew, since a filing moves what counts from it, and show the countdown."""
    scene.book.timers.cancel(f"countdown:{countdown.id}:")
    scene.book.timers.set(
        [
            Timer(
                key=f"countdown:{countdown.id}:{stage.name}:{phase}",
                due_at=at,
                kind=f"countdown.{phase}",
                incident=countdown.incident,
                subject=countdown.id,
            )
            for stage in countdown.left
            for phase in Phase
            if (at := countdown.phase_at(stage, phase)) > scene.now or phase is Phase.DUE
        ]
    )
    show_countdown(scene, countdown)
    show_incident(scene, countdown.incident)
    return countdown


def _tell_overdue(scene: Scene, countdown: Countdown, stage: str) -> None:
    label = countdown.law.stage(stage).label.lower()
    scene.tell(
        countdown.incident,
        "countdown.overdue",
        f"{countdown.law.label}: the {label} is due and not recorded as filed",
        regime=countdown.regime,
        stage=stage,
    )
