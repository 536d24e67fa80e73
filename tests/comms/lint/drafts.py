"""A draft for the customers of an incident that Ada and Ben lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from comms.incident import Severity, Status
from comms.report import CanReport, CustomerText
from comms.testing.clock import MONDAY
from comms.update import Kind, Update, UpdateState
from tests.comms.test_incident import incident
from tests.house import ADA, BEN, REPORT

LED = incident(Status.INVESTIGATING, incident_commander=ADA, comms_lead=BEN)


def with_text(customer: CustomerText) -> CanReport:
    """The usual report with another text for customers."""
    return replace(REPORT, customer=customer)


def update(**changes: object) -> Update:
    """An open draft that promises the customers another update in half an hour."""
    return replace(
        Update(
            id=1,
            incident="INC-1",
            number=1,
            kind=Kind.UPDATE,
            state=UpdateState.DRAFT,
            report=REPORT,
            status=Status.INVESTIGATING,
            severity=Severity.SEV2,
            audiences=("customers",),
            promises={"customers": MONDAY + timedelta(minutes=30)},
            hash="h",
            drafted_by=BEN,
            drafted_at=MONDAY,
        ),
        **changes,  # type: ignore[arg-type]
    )
