"""A sample incident, for trying a plan's letters before a real one needs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from comms.incident import Incident, Severity, Status
from comms.people import SITREP, Person, Role
from comms.plan.model import Plan
from comms.projection import Telling
from comms.report import Actions, Basis, CanReport, CustomerText, Need
from comms.update import Kind, Update, UpdateState

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
_LATER = AT + timedelta(minutes=30)

FULL = CanReport(
    conditions="One in three card payments fails at checkout.",
    basis=Basis.MEASURED,
    actions=Actions(
        done=("Paged the provider",),
        doing=("Moving traffic to the second provider",),
        next=("Repeat the payments that failed",),
    ),
    needs=(
        Need(text="Approve the second provider", owner="CFO", by=_LATER, decision=True),
        Need(text="A second pair of eyes on the logs"),
    ),
    risk="Tonight's settlement may be late.",
    customer=CustomerText(
        symptom="Some card payments are declined.",
        scope="Customers who pay by card.",
        workaround="Pay by bank transfer, or try again later.",
    ),
    data_lost=False,
    review_url="https://example.org/review",
)
EMPTY = CanReport(conditions="")
"""Nothing said at all: what a template must get along with."""

_OVER = {Kind.RESOLVED: Status.RESOLVED, Kind.REVIEW: Status.REVIEWED}


def sample(plan: Plan, kind: Kind, report: CanReport, *, drill: bool = False) -> Telling:
    """Return what would be told of a sample incident, in an update of this kind."""
    status = _OVER.get(kind, Status.IDENTIFIED)
    said = report is not EMPTY
    links = "https://example.org/incidents/INC-41" if said else ""
    return Telling(
        incident=Incident(
            id=41,
            key="INC-41",
            title="Card payments failing",
            severity=Severity.SEV1,
            status=status,
            services=("Checkout", "Payments") if said else (),
            declared_by=SITREP,
            declared_at=AT - timedelta(hours=1),
            roles={Role.INCIDENT_COMMANDER: Person(name="Ada Moreau")} if said else {},
            drill=drill,
        ),
        update=Update(
            id=3,
            incident="INC-41",
            number=3,
            kind=kind,
            state=UpdateState.DRAFT,
            report=report,
            status=status,
            severity=Severity.SEV1,
            severity_was=Severity.SEV2 if kind is Kind.SEVERITY else None,
            unchanged_since=AT - timedelta(minutes=30) if kind is Kind.NO_CHANGE else None,
            corrects=2 if kind is Kind.CORRECTION else None,
            audiences=tuple(plan.audiences),
            promises=dict.fromkeys(plan.audiences, _LATER) if status.is_open and said else {},
            hash="",
            drafted_by=SITREP,
            drafted_at=AT,
        ),
        plan=plan,
        incident_url=links,
        room_url=links,
        page_url=links,
    )
