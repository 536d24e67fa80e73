"""Updates as the API tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from pydantic import Field

from bot.api.incident_told import ApprovalTold, IncidentState, approvals_told
from bot.api.reach_told import reach_told
from bot.api.shapes import PersonTold, Stamp, Told
from comms.acts.draft import Preview, preview
from comms.desk import Scene
from comms.incident import Severity, Status
from comms.lint import Level
from comms.people import Role
from comms.report import Basis
from comms.update import Kind, Update, UpdateState


class FindingTold(Told):
    """One thing that lint found. A `warn` can be approved; a `block` cannot, unless somebody whom
    the plan names overrides it."""

    level: Level
    code: str
    message: str
    reason: str = Field(description="Why the rule is there; empty where the plan cannot weigh it.")
    pointer: str
    can_override: bool = Field(description="True where the plan lets somebody override it.")


class AudienceDraft(Told):
    """What the draft means for one audience."""

    recipients: int = Field(description="How many would get it.")
    eta_seconds: int = Field(description="How long that takes at the channels' known limits.")
    kept_back: int = Field(
        default=0, description="How many more do not get it now, as they have chosen."
    )
    waiting: int = Field(
        default=0, description="How many of them get it when their quiet hours end."
    )
    lint: list[FindingTold]
    next_update: Stamp | None = Field(description="The promise that the update prints.")


class Drafted(Told):
    """A draft. Its hash is of exactly what would be sent: approve that."""

    number: int
    hash: str
    state: UpdateState
    kind: Kind
    status: Status
    audiences: dict[str, AudienceDraft]
    needed: list[Role] = Field(description="The roles that still have to approve.")


class Resolved(Drafted):
    """The last update's draft, and the incident as it is now."""

    incident: IncidentState


class ActionsTold(Told):
    """What has been done, is being done, and comes next."""

    done: list[str]
    doing: list[str]
    next: list[str]


class NeedTold(Told):
    """Something that the response lacks."""

    text: str
    owner: str
    by: Stamp | None
    decision: bool


class CustomerVersionTold(Told):
    """What customers may read in another language; what is empty they read in the plan's."""

    symptom: str
    scope: str
    workaround: str


class CustomerTold(CustomerVersionTold):
    """What customers may read."""

    versions: dict[str, CustomerVersionTold] = Field(
        description="The same in other languages (BCP 47)."
    )


class ReportTold(Told):
    """The CAN report that an update was made from."""

    conditions: str
    basis: Basis
    actions: ActionsTold
    needs: list[NeedTold]
    risk: str
    customer: CustomerTold | None
    data_lost: bool | None
    review_url: str


class UpdateTold(Drafted):
    """One update and the report it was made from."""

    report: ReportTold
    drafted_by: PersonTold
    drafted_at: Stamp
    approvals: list[ApprovalTold]
    approved_at: Stamp | None
    corrects: int | None
    severity: Severity = Field(description="The incident's when it was drafted.")
    severity_was: Severity | None = Field(
        description="What the update before told, where it was another."
    )
    unchanged_since: Stamp | None = Field(
        description="When was told what a 'no_change' repeats; null for the other kinds."
    )


class UpdateList(Told):
    """The updates of an incident by their number."""

    updates: list[UpdateTold]


def drafted(shown: Preview) -> Drafted:
    """Return a draft as the API tells it."""
    return _drafted(shown.update, partial(_to_come, shown), needed=shown.missing)


def update_told(scene: Scene, update: Update) -> UpdateTold:
    """Return an update as the API tells it, drafted or sent."""
    if update.state.is_open:
        brief = drafted(preview(scene, update.incident, update.number))
    else:
        brief = _sent(scene, update)
    return UpdateTold(
        **dict(brief),
        report=ReportTold.model_validate(update.report),
        drafted_by=PersonTold.model_validate(update.drafted_by),
        drafted_at=update.drafted_at,
        approvals=approvals_told(update.approvals),
        approved_at=update.approved_at,
        corrects=update.corrects,
        severity=update.severity,
        severity_was=update.severity_was,
        unchanged_since=update.unchanged_since,
    )


def _to_come(shown: Preview, audience: str) -> AudienceDraft:
    """What is known before it is sent: how many, how long it takes, what lint finds."""
    estimate = shown.estimates[audience]
    return AudienceDraft(
        recipients=estimate.recipients,
        eta_seconds=estimate.eta_seconds,
        kept_back=estimate.kept_back,
        waiting=estimate.waiting,
        lint=[
            FindingTold.model_validate(found)
            for found in shown.findings
            if found.audience == audience
        ],
        next_update=shown.update.promises.get(audience),
    )


def _sent(scene: Scene, update: Update) -> Drafted:
    """What went out is in the ledger; there is nothing left to lint or to estimate."""
    reached = reach_told(scene, update.incident, update.number).audiences

    def told(audience: str) -> AudienceDraft:
        return AudienceDraft(
            recipients=sum(dict(reached[audience]).values()) if audience in reached else 0,
            eta_seconds=0,
            lint=[],
            next_update=update.promises.get(audience),
        )

    return _drafted(update, told, needed=())


def _drafted(
    update: Update, told: Callable[[str], AudienceDraft], *, needed: Sequence[Role]
) -> Drafted:
    return Drafted(
        number=update.number,
        hash=update.hash,
        state=update.state,
        kind=update.kind,
        status=update.status,
        audiences={name: told(name) for name in update.audiences},
        needed=list(needed),
    )
