"""What an update is to its readers, decided from the incident's record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from comms.desk import Scene
from comms.errors import Conflict
from comms.incident import Incident, Severity, Status
from comms.report import Actions, CanReport, Need
from comms.update import Kind, Update, UpdateState


@dataclass(frozen=True, kw_only=True)
class Change:
    """What differs from the update that went out before; the fields are those of an `Update`."""

    kind: Kind
    severity_was: Severity | None = None
    unchanged_since: datetime | None = None


def changed(
    scene: Scene, incident: Incident, report: CanReport, status: Status, *, corrects: int | None
) -> Change:
    """Return what this report and status are to whoever has read the updates so far.

    The first rule that fits holds: it corrects an update; it tells of the review, or of the end;
    it is the first; the severity has changed; nothing has.
    """
    last = last_approved(scene, incident.key)
    severity_was = last.severity if last and last.severity is not incident.severity else None
    kind = _kind(scene, incident, status, corrects) or _since(last, report, status, severity_was)
    return Change(
        kind=kind,
        severity_was=severity_was,
        unchanged_since=(
            last.unchanged_since or last.drafted_at if last and kind is Kind.NO_CHANGE else None
        ),
    )


def last_approved(scene: Scene, key: str) -> Update | None:
    """The last update that went out."""
    sent = [u for u in scene.book.updates.of(key) if u.state is UpdateState.APPROVED]
    return sent[-1] if sent else None


def _kind(scene: Scene, incident: Incident, status: Status, corrects: int | None) -> Kind | None:
    """What it is whatever went before."""
    if corrects is not None:
        if scene.book.updates.get(incident.key, corrects).state is not UpdateState.APPROVED:
            raise Conflict(f"Update {corrects} was never sent.", pointer="/corrects")
        return Kind.CORRECTION
    if status is Status.REVIEWED:
        return Kind.REVIEW
    return None if status.is_open else Kind.RESOLVED


def _since(
    last: Update | None, report: CanReport, status: Status, severity_was: Severity | None
) -> Kind:
    if last is None:
        return Kind.FIRST
    if severity_was:
        return Kind.SEVERITY
    same = last.status is status and _says_the_same(last.report, report)
    return Kind.NO_CHANGE if same else Kind.UPDATE


def _says_the_same(before: CanReport, after: CanReport) -> bool:
    """True where nothing is new. What was done by then, or a need that was met or taken by
    somebody, is not repeated and tells of no change."""
    fewer = set(after.actions.done) <= set(before.actions.done) and _asked(after) <= _asked(before)
    return fewer and _rest(before) == _rest(after)


def _asked(report: CanReport) -> set[Need]:
    return {replace(need, owner="") for need in report.needs}


def _rest(report: CanReport) -> CanReport:
    actions = Actions(doing=report.actions.doing, next=report.actions.next)
    return replace(report, actions=actions, needs=())
