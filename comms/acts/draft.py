"""Draft an update from a CAN report: linted, rendered for every audience, hashed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from comms.acts.kind import changed, last_approved
from comms.acts.show import show_update
from comms.acts.source_warnings import source_warnings
from comms.acts.sources import freshen
from comms.acts.waiting import wait
from comms.approval import missing, needed
from comms.desk import Scene
from comms.errors import Conflict, Invalid
from comms.estimate import Estimate, estimates
from comms.incident import MOVES, Incident, Status
from comms.language import nearest
from comms.lint import Finding, blocks, lint
from comms.people import Role
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling
from comms.promise import next_due
from comms.readers import readers
from comms.render import render_all
from comms.report import CanReport, carried_forward, cleaned
from comms.rule import Level
from comms.statement import Statement, content_hash
from comms.update import Kind, Update, UpdateState

REPEATS = 2
"""So many updates in a row may say that nothing has changed."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """All that an approver sees: the update, its statements, who gets them, what is wrong."""

    update: Update
    statements: tuple[Statement, ...]
    estimates: Mapping[str, Estimate]
    findings: tuple[Finding, ...]
    needed: tuple[Role, ...]
    missing: tuple[Role, ...]

    @property
    def blocks(self) -> tuple[Finding, ...]:
        """The findings that forbid approval now: what was overridden for this text does not."""
        found = blocks(self.findings)
        if any(approval.override for approval in self.update.approvals):
            return tuple(finding for finding in found if not finding.can_override)
        return found

    @property
    def can_override(self) -> bool:
        """True where something blocks, and somebody whom the plan names may override all of it."""
        return bool(self.blocks) and all(finding.can_override for finding in self.blocks)


def draft(
    scene: Scene,
    key: str,
    *,
    report: CanReport,
    status: Status | None = None,
    audiences: Sequence[str] | None = None,
    corrects: int | None = None,
) -> Preview:
    """Draft the incident's next update, in place of its open draft if there is one.

    The number stays until the update is approved; the hash changes with the text, so a card that
    shows the old one can no longer approve it. `audiences` None: all of the plan, customers only
    where the report has a text for them.
    """
    incident = scene.book.incidents.get(key)
    report = cleaned(report)
    _spoken(scene, report)
    chosen = _audiences(scene, incident, report, _corrected(scene, key, audiences, corrects))
    became = _status(incident, status)
    before = open_draft(scene, key)
    change = changed(scene, incident, report, became, corrects=corrects)
    if change.kind is Kind.REVIEW and not report.review_url:
        raise Invalid("Say where the review can be read.", pointer="/review_url")
    _not_too_often(scene, key, change.kind)
    update = Update(
        id=before.id if before else 0,
        incident=key,
        number=before.number if before else len(scene.book.updates.of(key)) + 1,
        kind=change.kind,
        state=UpdateState.DRAFT,
        report=report,
        status=became,
        audiences=tuple(audience.name for audience in chosen),
        promises=_promises(scene, chosen, replace(incident, status=became)),
        hash="",
        drafted_by=scene.by,
        drafted_at=scene.now,
        corrects=corrects,
        severity=incident.severity,
        severity_was=change.severity_was,
        unchanged_since=change.unchanged_since,
    )
    if before and _is_same(before, update):
        return preview(scene, key, before.number)
    kept = _keep(scene, incident, update, chosen)
    freshen(scene, chosen)
    scene.tell(
        key,
        "update.drafted",
        f"{scene.by.name} drafted update {kept.number} for {', '.join(kept.audiences)}",
        update=kept.number,
        hash=kept.hash[:12],
    )
    show_update(scene, kept)
    return preview(scene, key, kept.number)


def redraft(scene: Scene, incident: Incident) -> None:
    """The incident has changed: an open draft is rendered anew, and its approvals are void."""
    before = open_draft(scene, incident.key)
    if before is None:
        return
    status = before.status if before.status in _reachable(incident) else incident.status
    chosen = scene.plan_for(incident).among(before.audiences)
    change = changed(scene, incident, before.report, status, corrects=before.corrects)
    update = replace(
        before,
        state=UpdateState.DRAFT,
        status=status,
        audiences=tuple(audience.name for audience in chosen),
        kind=change.kind,
        severity=incident.severity,
        severity_was=change.severity_was,
        unchanged_since=change.unchanged_since,
        promises=_promises(scene, chosen, replace(incident, status=status)),
        approvals=(),
        asked=(),
        drafted_at=scene.now,
    )
    show_update(scene, _keep(scene, incident, update, chosen))


def preview(scene: Scene, key: str, number: int) -> Preview:
    """Show an update as it would be sent, or was."""
    incident = scene.book.incidents.get(key)
    update = scene.book.updates.get(key, number)
    plan = scene.plan_for(incident)
    chosen = plan.among(update.audiences)
    estimated = estimates(scene, update, chosen)
    roles = needed(update, incident, scene.plan)
    return Preview(
        update=update,
        statements=scene.book.updates.statements(update),
        estimates=estimated,
        findings=(
            *(
                finding
                for audience in chosen
                for finding in lint(
                    update,
                    incident,
                    audience,
                    recipients=estimated[audience.name].recipients,
                    now=scene.now,
                    readers=readers(scene, audience),
                    language=scene.plan.language,
                    known=scene.plan.people,
                )
            ),
            *_of_sources(scene, update, chosen),
        ),
        needed=roles,
        missing=missing(roles, update.approvals, four_eyes=scene.plan.four_eyes),
    )


def _of_sources(scene: Scene, update: Update, audiences: Sequence[Audience]) -> Iterator[Finding]:
    """Warn of people who may be missing, until it is sent."""
    for audience in audiences if update.state.is_open else ():
        for words in source_warnings(scene, [audience]):
            yield Finding(
                level=Level.WARN,
                audience=audience.name,
                code="source",
                message=words,
                pointer="/audiences",
            )


def open_draft(scene: Scene, key: str) -> Update | None:
    """The incident's open draft."""
    updates = scene.book.updates.of(key)
    return updates[-1] if updates and updates[-1].state.is_open else None


def opening(scene: Scene, key: str) -> CanReport:
    """What the CAN form opens with: the open draft, else the last report carried forward.

    Needs that are still live come from the asks, with whoever took them as owner.
    """
    before = open_draft(scene, key)
    if before:
        return before.report
    sent = last_approved(scene, key)
    live = tuple(ask.as_need() for ask in scene.book.asks.of(key) if ask.is_live)
    if sent is None:
        return CanReport(conditions=scene.book.incidents.get(key).summary, needs=live)
    return replace(carried_forward(sent.report), needs=live)


def _spoken(scene: Scene, report: CanReport) -> None:
    """Refuse a customer text in a language that nobody would be told in."""
    plan, known = scene.plan, scene.plan.customer_languages()
    for language in report.customer.versions if report.customer else ():
        if nearest(language, known) is None:
            raise Invalid(
                f"No audience is written to in {language!r}."
                f" Languages of the plan: {', '.join((plan.language, *known))}.",
                pointer=f"/customer/versions/{language}",
            )


def _corrected(
    scene: Scene, key: str, names: Sequence[str] | None, corrects: int | None
) -> Sequence[str] | None:
    """A correction is for audiences of the wrong update: all of them, if none is named."""
    if corrects is None:
        return names
    wrong = scene.book.updates.get(key, corrects)
    for at, name in enumerate(names or ()):
        if name not in wrong.audiences:
            raise Invalid(
                f"Update {corrects} did not go to {name}: there is nothing to correct.",
                pointer=f"/audiences/{at}",
            )
    return names or wrong.audiences


def _audiences(
    scene: Scene, incident: Incident, report: CanReport, names: Sequence[str] | None
) -> tuple[Audience, ...]:
    if names is None:
        return tuple(
            audience
            for audience in scene.plan.told_of(incident)
            if report.customer or not audience.reads_as_customers
        )
    if not names:
        raise Invalid("Name at least one audience.", pointer="/audiences")
    plan = scene.plan_for(incident)
    chosen = {
        name: plan.audience(name, pointer=f"/audiences/{at}") for at, name in enumerate(names)
    }
    for audience in chosen.values():
        if incident.drill and audience.external:
            raise Conflict(
                f"{incident.key} is a drill: {audience.name} are outside and hear nothing of it.",
                pointer="/audiences",
            )
        if audience.reads_as_customers and not report.customer:
            raise Invalid(
                f"Say what customers see: {audience.name} read nothing else of the report.",
                pointer="/customer/symptom",
            )
    return tuple(sorted(chosen.values(), key=lambda audience: audience.position))


def _reachable(incident: Incident) -> frozenset[Status]:
    return MOVES[incident.status] | {incident.status}


def _status(incident: Incident, status: Status | None) -> Status:
    if incident.status in {Status.TRIAGE, Status.CLOSED}:
        raise Conflict(f"{incident.key} is {incident.status}; there is nothing to report.")
    if status is None:
        started = incident.status is not Status.DECLARED
        return incident.status if started else Status.INVESTIGATING
    if status not in _reachable(incident):
        allowed = ", ".join(sorted(_reachable(incident)))
        raise Conflict(
            f"{incident.key} is {incident.status}; an update cannot make it {status}."
            f" Allowed: {allowed}.",
            pointer="/status",
        )
    return status


def _not_too_often(scene: Scene, key: str, kind: Kind) -> None:
    """Whoever has read twice that nothing has changed wants to know what is being done."""
    sent = [u for u in scene.book.updates.of(key) if u.state is UpdateState.APPROVED]
    if kind is Kind.NO_CHANGE and all(u.kind is Kind.NO_CHANGE for u in sent[-REPEATS:]):
        raise Conflict(
            f"The last {REPEATS} updates said that nothing has changed. Say what has been tried"
            " since, or what you are waiting for.",
            pointer="/conditions",
        )


def _promises(scene: Scene, audiences: Sequence[Audience], told: Incident) -> dict[str, datetime]:
    """What an update prints that tells of the incident like this: nothing after the last one."""
    if not told.status.is_open:
        return {}
    due = {one.name: next_due(scene.plan, one, told, scene.now) for one in audiences}
    return {name: moment for name, moment in due.items() if moment}


def _is_same(before: Update, after: Update) -> bool:
    """The same draft sent again (a double click, a retried request) keeps its hash."""

    def content(update: Update) -> tuple[object, ...]:
        return (
            update.report,
            update.status,
            update.severity,
            update.audiences,
            update.kind,
            update.corrects,
        )

    fresh = all(moment > after.drafted_at for moment in before.promises.values())
    return fresh and content(before) == content(after)


def _keep(
    scene: Scene, incident: Incident, update: Update, audiences: tuple[Audience, ...]
) -> Update:
    telling = Telling(
        incident=incident,
        update=update,
        plan=scene.plan,
        incident_url=scene.house.incident_url(incident.key),
        page_url=scene.house.page_url(incident) if _is_on_page(audiences) else "",
    )
    statements = render_all(telling, audiences, scene.house.writers)
    kept = scene.book.updates.save(replace(update, hash=content_hash(statements)))
    scene.book.updates.keep_statements(kept, statements)
    wait(scene, incident, kept)
    return kept


def _is_on_page(audiences: tuple[Audience, ...]) -> bool:
    return any(ChannelName.PAGE in audience.channels for audience in audiences)
