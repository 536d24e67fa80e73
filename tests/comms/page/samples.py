"""A status page's incidents for tests: what the writer makes of them, and a few states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from comms.channels.page.notice import from_json
from comms.channels.page.state import Posting, Site
from comms.channels.page.writer import write
from comms.delivery import Delivery
from comms.incident import Incident, Severity, Status
from comms.people import Person
from comms.plan.model import Audience, ChannelName, Plan
from comms.projection import Telling, project
from comms.report import Actions, Basis, CanReport, CustomerText, Need
from comms.statement import HTML, NOTICE, PLAIN, Statement
from comms.update import Kind, Update, UpdateState

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
IDA = Person(name="Ida Berg", email="ida@harbour.example")
SITE = Site(
    organisation="Harbour & Pay",
    time_zone=ZoneInfo("Europe/Berlin"),
    url="https://status.harbour.example",
)
CUSTOMERS = Audience(
    name="customers",
    label="Customers",
    position=3,
    channels=(ChannelName.PAGE,),
    sees=frozenset({"symptom", "scope", "workaround"}),
    approval=(),
    cadence={},
    template="customers",
)
PLAN = Plan(
    organisation=SITE.organisation,
    time_zone=SITE.time_zone,
    audiences={"customers": CUSTOMERS},
)
INCIDENT = Incident(
    id=41,
    key="INC-41",
    title="PSP adapter returns 502 since release 81 (Mallory's change)",
    severity=Severity.SEV1,
    status=Status.INVESTIGATING,
    services=("psp-adapter",),
    declared_by=IDA,
    declared_at=NOW - timedelta(minutes=4, microseconds=1234),
)
FAILING = CustomerText(
    symptom="Card payments fail at checkout for some customers.",
    scope="Customers who pay by card in the European shop. Other ways to pay work.",
    workaround="Please pay by bank transfer or try again later.\nYour basket is kept.",
)
NASTY = (
    "<script>alert(1)</script> & <at>Everyone</at> {{ config }} {% raw %} **bold** "
    "[x](javascript:a)\n\n  two spaces\u202e gnp.exe \u2067שלום, world\u2069\n\tTab"
)


def telling(
    number: int = 1,
    *,
    customer: CustomerText | None = FAILING,
    status: Status = Status.INVESTIGATING,
    kind: Kind = Kind.UPDATE,
    at: datetime = NOW,
    promised: datetime | None = NOW + timedelta(minutes=30),
    corrects: int | None = None,
    incident: Incident = INCIDENT,
) -> Telling:
    """An approved update whose inner words must never reach a customer."""
    report = CanReport(
        conditions="INNER conditions: psp-adapter pods crash",
        basis=Basis.MEASURED,
        actions=Actions(doing=("INNER rolling back release 81",)),
        needs=(Need(text="INNER a database administrator", owner="INNER Mallory"),),
        risk="INNER risk of a fine",
        customer=customer,
    )
    update = Update(
        id=number,
        incident=incident.key,
        number=number,
        kind=kind,
        state=UpdateState.APPROVED,
        report=report,
        status=status,
        severity=incident.severity,
        audiences=("customers",),
        promises={"customers": promised} if promised else {},
        hash="",
        drafted_by=IDA,
        drafted_at=at,
        corrects=corrects,
    )
    return Telling(
        incident=incident,
        update=update,
        plan=PLAN,
        incident_url="https://inner.example/INC-41",
        room_url="https://inner.example/room",
    )


def statement(told: Telling, *, audience: Audience = CUSTOMERS) -> Statement:
    """What the writer makes of it, from the very context that a send uses."""
    return write(told, audience, project(told, audience))


def posting(told: Telling) -> Posting:
    """The same as the page keeps it."""
    parts: Mapping[str, str] = statement(told).parts
    return Posting(notice=from_json(parts[NOTICE]), html=parts[HTML], text=parts[PLAIN])


def delivery(number: int = 1) -> Delivery:
    """The page's one delivery."""
    return Delivery(id=number, key=f"1:page:{number}", address="page")


def other_incident(number: int, *, declared_at: datetime = NOW - timedelta(minutes=1)) -> Incident:
    """Another incident of the same organisation."""
    return replace(INCIDENT, id=number, key=f"INC-{number}", declared_at=declared_at)


def story() -> Sequence[Posting]:
    """One incident from its first notice to its last, with a correction."""
    minutes = [NOW + timedelta(minutes=m) for m in (0, 25, 31, 58, 90)]
    wrong = replace(FAILING, scope="All customers.")
    fixed = CustomerText(symptom="Card payments work again for most customers.")
    over = CustomerText(
        symptom="Card payments work again. Payments that failed were not charged.",
        scope="Customers who paid by card in the European shop between 13:56 and 15:10 CET.",
    )
    half_hour = timedelta(minutes=30)
    return [
        posting(telling(1, customer=wrong, at=minutes[0], promised=minutes[0] + half_hour)),
        posting(
            telling(
                2,
                customer=FAILING,
                status=Status.IDENTIFIED,
                at=minutes[1],
                promised=minutes[1] + half_hour,
            )
        ),
        posting(
            telling(
                3,
                kind=Kind.CORRECTION,
                corrects=1,
                status=Status.IDENTIFIED,
                at=minutes[2],
                promised=minutes[1] + half_hour,
            )
        ),
        posting(
            telling(
                4,
                customer=fixed,
                status=Status.MONITORING,
                at=minutes[3],
                promised=minutes[3] + timedelta(hours=12),
            )
        ),
        posting(
            telling(
                5,
                customer=over,
                kind=Kind.RESOLVED,
                status=Status.RESOLVED,
                at=minutes[4],
                promised=None,
            )
        ),
    ]
