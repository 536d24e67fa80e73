"""Short words for what people do in the tests' incidents."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Concatenate, ParamSpec, TypeVar

from comms.acts.approve import Approved, approve
from comms.acts.declare import declare
from comms.acts.draft import Preview, draft
from comms.acts.incident import assign
from comms.desk import Desk, Scene
from comms.incident import Incident, Severity
from comms.people import Person, Role
from comms.report import CanReport
from tests.house import ADA, BEN, CAS, REPORT

P = ParamSpec("P")
T = TypeVar("T")

LEADS = {Role.INCIDENT_COMMANDER: ADA, Role.COMMS_LEAD: BEN}

_nonces = itertools.count(1)


async def declared(
    desk: Desk,
    *,
    severity: Severity = Severity.SEV1,
    roles: Mapping[Role, Person] | None = None,
    suspected: bool = False,
) -> Incident:
    """Declare an incident and give out its roles (by default Ada leads, Ben communicates)."""
    incident = await desk.do(
        declare,
        CAS,
        "teams",
        title="Card payments failing",
        severity=severity,
        nonce=f"form-{next(_nonces)}",
        suspected=suspected,
    )
    for role, person in (LEADS if roles is None else roles).items():
        incident = await desk.do(assign, ADA, "teams", incident.key, role=role, person=person)
    return incident


async def drafted(desk: Desk, key: str, report: CanReport = REPORT, **how: object) -> Preview:
    """Draft an update as the comms lead."""
    return await desk.do(draft, BEN, "teams", key, report=report, **how)  # type: ignore[arg-type]


async def approved(desk: Desk, preview: Preview, *people: Person) -> Approved:
    """Approve what the preview shows, by each of these people in turn (by default both leads)."""
    update = preview.update
    result = Approved(update=update, needed=preview.missing)
    for person in people or (BEN, ADA):
        result = await desk.do(
            approve, person, "teams", update.incident, update.number, hash=update.hash
        )
    return result


async def sent(desk: Desk, key: str, report: CanReport = REPORT, **how: object) -> Approved:
    """Draft an update and have both leads approve it."""
    return await approved(desk, await drafted(desk, key, report, **how))


async def seen(
    desk: Desk,
    look: Callable[Concatenate[Scene, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Look at something as a responder."""
    return await desk.read(look, CAS, "teams", *args, **kwargs)
