"""Incidents: declare, read, lead, resolve."""

from __future__ import annotations

import secrets
from typing import Annotated

from pydantic import Field, StringConstraints

from bot.api.incident_told import IncidentList, IncidentState, incident_list, incident_state
from bot.api.keys import Key
from bot.api.operation import Call, Table
from bot.api.report_given import ReportGiven
from bot.api.shapes import Given, Line, Text
from bot.api.update_told import Resolved, drafted
from comms.acts.declare import confirm, declare
from comms.acts.draft import Preview
from comms.acts.incident import change_severity, change_status, resolve
from comms.acts.triage import change_services, change_type
from comms.desk import Scene
from comms.incident import IncidentType, Severity, Status

table = Table(tag="incidents")


Services = list[Annotated[str, StringConstraints(max_length=80)]]


class Declaration(Given):
    """Two inputs are enough."""

    title: Annotated[Line, Field(min_length=1)]
    severity: Severity
    type: IncidentType = IncidentType.SERVICE
    services: Services = Field(default_factory=list, max_length=20)
    summary: Text = ""
    suspected: bool = Field(
        default=False, description="True: it starts in triage and promises nothing yet."
    )
    drill: bool = Field(
        default=False,
        description="True: an exercise. All that is told says so, and nobody outside is told.",
    )


class Idempotency(Given):
    """A repeated request with the same key declares nothing twice."""

    idempotency_key: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")] | None = (
        Field(default=None, alias="Idempotency-Key")
    )


class Search(Given):
    """Which incidents to list."""

    open: bool = Field(default=False, description="Only those that people still work on.")
    q: Annotated[str, StringConstraints(max_length=200)] = Field(
        default="", description="Words of the title, or a key."
    )
    limit: int = Field(default=50, ge=1, le=500)


class SeverityChange(Given):
    """The severity from now on."""

    severity: Severity


class ServicesChange(Given):
    """What it hits: names or labels of the plan, or others where the plan lets them be typed."""

    services: Services = Field(max_length=20)


class TypeChange(Given):
    """Of which type it is."""

    type: IncidentType


class StatusChange(Given):
    """Where the incident is now."""

    status: Status


@table.post("/incidents", status=201, location="/api/v1/incidents/{key}", problems=(409,))
async def declare_incident(call: Call, body: Declaration, headers: Idempotency) -> IncidentState:
    """Declare an incident.

    Its war room opens and its audiences are promised a first update. With an `Idempotency-Key` a
    repeated request returns the incident that the first one declared.
    """
    given = headers.idempotency_key
    nonce = f"api:{given}" if given else f"api:{secrets.token_hex(16)}"

    def act(scene: Scene) -> IncidentState:
        made = declare(
            scene,
            title=body.title,
            severity=body.severity,
            nonce=nonce,
            type=body.type,
            services=body.services,
            summary=body.summary,
            suspected=body.suspected,
            drill=body.drill,
        )
        return incident_state(scene, made.key)

    return await call.do(act)


@table.get("/incidents")
async def list_incidents(call: Call, query: Search) -> IncidentList:
    """List incidents, newest first."""
    return await call.read(incident_list, words=query.q, open_only=query.open, limit=query.limit)


@table.get("/incidents/{key}")
async def read_incident(call: Call, key: Key) -> IncidentState:
    """Read all about an incident.

    Its roles, promises and asks, and its updates with their states and reach.
    """
    return await call.read(incident_state, key)


@table.post("/incidents/{key}/confirm", problems=(409,))
async def confirm_incident(call: Call, key: Key) -> IncidentState:
    """Confirm a suspected incident.

    Its audiences are promised a first update from now on.
    """

    def act(scene: Scene) -> IncidentState:
        confirm(scene, key)
        return incident_state(scene, key)

    return await call.do(act)


@table.post("/incidents/{key}/severity", problems=(409,))
async def change_incident_severity(call: Call, key: Key, body: SeverityChange) -> IncidentState:
    """Change the severity.

    Promises come sooner where they have to. An open draft is rendered anew: its hash changes.
    """

    def act(scene: Scene) -> IncidentState:
        change_severity(scene, key, body.severity)
        return incident_state(scene, key)

    return await call.do(act)


@table.post("/incidents/{key}/status", problems=(409,))
async def change_incident_status(call: Call, key: Key, body: StatusChange) -> IncidentState:
    """Move the incident; nothing is sent by this.

    An open draft is rendered anew: its hash changes.
    """

    def act(scene: Scene) -> IncidentState:
        change_status(scene, key, body.status)
        return incident_state(scene, key)

    return await call.do(act)


@table.post("/incidents/{key}/services", problems=(409,))
async def change_incident_services(call: Call, key: Key, body: ServicesChange) -> IncidentState:
    """Say which services the incident hits, in place of those before.

    Where the plan gives one a plan of its own, promises come sooner and approvals are asked for
    anew. Under `listed_services_only` another one is refused, and the nearest is named.
    """

    def act(scene: Scene) -> IncidentState:
        change_services(scene, key, body.services)
        return incident_state(scene, key)

    return await call.do(act)


@table.post("/incidents/{key}/type", problems=(409,))
async def change_incident_type(call: Call, key: Key, body: TypeChange) -> IncidentState:
    """Say of which type the incident is: another has other house rules and checklists."""

    def act(scene: Scene) -> IncidentState:
        change_type(scene, key, body.type)
        return incident_state(scene, key)

    return await call.do(act)


@table.post("/incidents/{key}/resolve", problems=(409,))
async def resolve_incident(call: Call, key: Key, body: ReportGiven | None) -> Resolved:
    """Resolve the incident and draft its last update.

    The fact is recorded at once; the last update waits for approval like any other. Without a
    report, the last one is carried forward.
    """
    report = body.report() if body else None

    def act(scene: Scene) -> Resolved:
        return _resolved(scene, key, resolve(scene, key, report=report))

    return await call.do(act)


def _resolved(scene: Scene, key: str, preview: Preview) -> Resolved:
    return Resolved(**dict(drafted(preview)), incident=incident_state(scene, key))
