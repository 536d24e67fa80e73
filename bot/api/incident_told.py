"""Incidents as the API tells them."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from bot.api.reach_told import States, reach_told
from bot.api.shapes import PersonTold, Stamp, Told
from comms.ask import Ask, AskState
from comms.desk import Scene
from comms.incident import Incident, IncidentType, Severity, Status
from comms.people import Role
from comms.plan_version import PlanVersion
from comms.promise import PromiseState
from comms.update import Approval, Kind, Update, UpdateState


class IncidentTold(Told):
    """One incident in short."""

    key: str
    title: str
    severity: Severity
    status: Status
    type: IncidentType
    services: list[str]
    summary: str
    declared_by: PersonTold
    declared_at: Stamp
    resolved_at: Stamp | None
    drill: bool
    roles: dict[Role, PersonTold]


class IncidentList(Told):
    """Incidents, newest first."""

    incidents: list[IncidentTold]


class PromiseTold(Told):
    """One printed 'next update by'. A missed one without an answer is still owed."""

    audience: str
    made_at: Stamp
    due_at: Stamp
    state: PromiseState
    answered_by: int | None = Field(description="The number of the update that answered it.")
    answered_at: Stamp | None


class AskTold(Told):
    """A need, live until it is met."""

    id: int
    text: str
    owner: str
    by: Stamp | None
    decision: bool
    state: AskState
    raised_at: Stamp
    taken_by: PersonTold | None
    declined_by: PersonTold | None = Field(description="Who said last that they cannot.")
    met_at: Stamp | None


class ApprovalTold(Told):
    """One person's yes to one hash."""

    by: PersonTold
    roles: list[Role]
    hash: str
    at: Stamp
    break_glass: str = Field(description="The reason, where the glass was broken; else empty.")
    override: str = Field(
        description="The reason, where what lint blocks was approved; else empty."
    )
    stands_in: bool = Field(
        description="True where they were asked because whoever has the roles had not approved."
    )


class UpdateBrief(Told):
    """One update in short, and how many of its deliveries are in which state."""

    number: int
    kind: Kind
    state: UpdateState
    status: Status
    hash: str
    audiences: list[str]
    drafted_at: Stamp
    approved_at: Stamp | None
    approvals: list[ApprovalTold]
    reach: States
    acknowledged: int = Field(description="How many people said that they have seen it.")
    asked: int = Field(description="How many are asked to acknowledge it.")


class PlanVersionTold(Told):
    """A state of the communication plan that the incident has run under."""

    hash: str = Field(
        description="Twelve digits of the SHA-256 of the plan's file and its letters."
    )
    version: str = Field(description="What the organisation calls it; empty: nothing.")
    loaded_at: Stamp | None = Field(description="When the app took it up.")
    since: Stamp = Field(description="From when on it holds for the incident.")


class IncidentState(IncidentTold):
    """All about one incident."""

    plans: list[PlanVersionTold] = Field(description="The plans it has run under, the last now.")
    promises: list[PromiseTold]
    asks: list[AskTold]
    updates: list[UpdateBrief]


def incident_list(scene: Scene, *, words: str, open_only: bool, limit: int) -> IncidentList:
    """Look for incidents."""
    found = scene.book.incidents.find(words=words, open_only=open_only, limit=limit)
    return IncidentList(incidents=[incident_told(incident) for incident in found])


def incident_told(incident: Incident) -> IncidentTold:
    """Return an incident in short."""
    return IncidentTold.model_validate(incident)


def incident_state(scene: Scene, key: str) -> IncidentState:
    """Look all about an incident up."""
    incident = scene.book.incidents.get(key)
    return IncidentState(
        **dict(incident_told(incident)),
        plans=[_plan_version(version) for version in incident.plans],
        promises=[PromiseTold.model_validate(promise) for promise in scene.book.promises.of(key)],
        asks=[ask_told(ask) for ask in scene.book.asks.of(key)],
        updates=[_brief(scene, update) for update in scene.book.updates.of(key)],
    )


def ask_told(ask: Ask) -> AskTold:
    """Return an ask as the API tells it."""
    return AskTold(
        id=ask.id,
        text=ask.need.text,
        owner=ask.need.owner,
        by=ask.need.by,
        decision=ask.need.decision,
        state=ask.state,
        raised_at=ask.raised_at,
        taken_by=PersonTold.model_validate(ask.taken_by) if ask.taken_by else None,
        declined_by=PersonTold.model_validate(ask.declined_by) if ask.declined_by else None,
        met_at=ask.met_at,
    )


def approvals_told(approvals: Iterable[Approval]) -> list[ApprovalTold]:
    """Return approvals as the API tells them."""
    return [
        ApprovalTold(
            by=PersonTold.model_validate(approval.by),
            roles=sorted(approval.roles),
            hash=approval.hash,
            at=approval.at,
            break_glass=approval.break_glass,
            override=approval.override,
            stands_in=approval.stands_in,
        )
        for approval in approvals
    ]


def _plan_version(version: PlanVersion) -> PlanVersionTold:
    return PlanVersionTold(
        hash=version.digest,
        version=version.name,
        loaded_at=version.loaded_at,
        since=version.since,
    )


def _brief(scene: Scene, update: Update) -> UpdateBrief:
    reach = reach_told(scene, update.incident, update.number)
    return UpdateBrief(
        number=update.number,
        kind=update.kind,
        state=update.state,
        status=update.status,
        hash=update.hash,
        audiences=list(update.audiences),
        drafted_at=update.drafted_at,
        approved_at=update.approved_at,
        approvals=approvals_told(update.approvals),
        reach=reach.states,
        acknowledged=reach.acknowledged,
        asked=sum(one.told for one in reach.seen.values()),
    )
