"""Nobody approves: after the plan's time the next person is asked, and may approve then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from comms.acts.called import people_called
from comms.acts.show import show_approver, show_update
from comms.approval import missing, needed, rights
from comms.desk import Scene
from comms.incident import Incident, Status
from comms.people import Person, Role
from comms.plan.model import ApprovalTimeout
from comms.timer import Timer
from comms.update import Update

TIMERS = ("approval.wait",)
"""The kinds of timers that are set for approvals."""


def wait(scene: Scene, incident: Incident, update: Update) -> None:
    """A draft waits for approval from now on; what was waited for before it is forgotten."""
    stop_waiting(scene, update)
    timeout = scene.plan.approval_timeout
    if timeout and _missing(scene, incident, update):
        _ask_later(scene, timeout, update, place=0)


def stop_waiting(scene: Scene, update: Update) -> None:
    """Nobody else is asked to approve this."""
    scene.book.timers.cancel(_key(update))


def fire(scene: Scene, timers: Sequence[Timer]) -> None:
    """Nobody has approved for as long as the plan allows: ask the next one.

    Where the draft was approved, discarded or drafted anew, its timers went with it.
    """
    timeout = scene.plan.approval_timeout
    for timer in timers if timeout else ():
        drafts = [u for u in scene.book.updates.of(timer.incident) if u.number == timer.subject]
        if timeout and drafts and drafts[0].state.is_open:
            _ask_next(scene, timeout, drafts[0], place=int(timer.key.rpartition(":")[2]))


def _ask_next(scene: Scene, timeout: ApprovalTimeout, update: Update, *, place: int) -> None:
    """Ask whoever stands at this place of the chain; where nobody is there, the next."""
    incident = scene.book.incidents.get(update.incident)
    if incident.status is Status.CLOSED:
        return
    left = _missing(scene, incident, update)
    for at, called in enumerate(timeout.then[place:], start=place):
        people = people_called(scene, called, incident)
        fresh = [one for one in people if left and _is_new(scene, incident, update, one, left)]
        if fresh:
            _ask(scene, timeout, update, fresh, left)
            _ask_later(scene, timeout, update, place=at + 1)
            return
    if left:
        scene.tell(
            update.incident,
            "approval.unanswered",
            f"Nobody has approved update {update.number}, and nobody is left to ask",
            update=update.number,
        )


def _ask(
    scene: Scene,
    timeout: ApprovalTimeout,
    update: Update,
    people: Sequence[Person],
    left: Sequence[Role],
) -> None:
    asked = replace(update, asked=(*update.asked, *people))
    scene.book.updates.save(asked)
    names = " and ".join(person.name for person in people)
    roles = " and ".join(role.label for role in left)
    scene.tell(
        update.incident,
        "approval.asked",
        f"The {roles} has not approved update {update.number} in"
        f" {timeout.after // timedelta(minutes=1)} min: {names} is asked, and may",
        update=update.number,
        hash=update.hash[:12],
        person=names,
    )
    show_update(scene, asked)
    show_approver(scene, asked)


def _ask_later(scene: Scene, timeout: ApprovalTimeout, update: Update, *, place: int) -> None:
    scene.book.timers.set(
        [
            Timer(
                key=f"{_key(update)}{place}",
                due_at=scene.now + timeout.after,
                kind="approval.wait",
                incident=update.incident,
                subject=update.number,
            )
        ]
    )


def _missing(scene: Scene, incident: Incident, update: Update) -> tuple[Role, ...]:
    roles = needed(update, incident, scene.plan)
    return missing(roles, update.approvals, four_eyes=scene.plan.four_eyes)


def _is_new(
    scene: Scene, incident: Incident, update: Update, person: Person, left: Sequence[Role]
) -> bool:
    """Whoever has approved, was asked or could approve all along is not asked again."""
    heard = (*(approval.by for approval in update.approvals), *update.asked)
    may = rights(person, incident, scene.plan)
    return may.isdisjoint(left) and not any(person.is_same(one) for one in heard)


def _key(update: Update) -> str:
    return f"approval:{update.incident}:{update.number}:"
