"""A sample incident, told to each audience of the shipped plan that reads mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from comms.channels.mail.address import Mailbox
from comms.channels.mail.confirmation import confirmation_letter
from comms.channels.mail.digest import Item, digest_letter
from comms.channels.mail.letter import Letter
from comms.channels.mail.times import in_zone
from comms.channels.mail.writer import write
from comms.delivery import Delivery
from comms.incident import Incident, Severity, Status
from comms.moment import moment
from comms.people import Person
from comms.plan.load import load
from comms.projection import Telling, project
from comms.report import Actions, CanReport, CustomerText, Need
from comms.statement import PLAIN, Statement
from comms.update import Kind, Update, UpdateState
from tests.kinds import OVER, as_kind

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
SENDER = Mailbox("Contoso incidents", "incidents@contoso.example")
LINKS = {
    "seen": "https://sitrep.contoso.example/seen/k7Qx.3vN-pA_8?a=1&b=2",
    "manage": "https://status.contoso.example/manage/k7Qx.3vN-pA_8",
    "unsubscribe": "https://status.contoso.example/unsubscribe/k7Qx.3vN-pA_8",
}

SHIPPED = replace(load(None), organisation="Contoso")
PLAN = replace(
    SHIPPED,
    audiences={name: replace(one, enabled=True) for name, one in SHIPPED.audiences.items()},
)
"""With the regulator, whom the shipped plan leaves out."""
READERS = tuple(a.name for a in PLAN.enabled())
"""Also responders: they get mail where Teams is out."""

REPORT = CanReport(
    conditions="One in three card payments fails at checkout. About 400 orders an hour are lost.",
    actions=Actions(
        done=("Paged the provider",),
        doing=("Moving card traffic to the second provider",),
        next=("Repeat the payments that failed",),
    ),
    needs=(
        Need(
            text="Approve the switch to the second provider",
            owner="CFO",
            by=NOW + timedelta(minutes=20),
            decision=True,
        ),
        Need(text="A second pair of eyes on the gateway logs", owner="Payments team"),
    ),
    risk="If the provider is not back by 16:00, tonight's settlement is late.",
    customer=CustomerText(
        symptom="Some card payments are declined at checkout.",
        scope="Customers who pay by card in the web shop.",
        workaround="Pay by bank transfer or PayPal, or try again later.",
    ),
)
RESOLVED = replace(
    REPORT,
    conditions="Card payments have worked again since 14:55 UTC. Lost orders: about 380.",
    needs=(),
    risk="",
    customer=CustomerText(symptom="Card payments work again since 14:55 UTC."),
    data_lost=False,
)
REVIEWED = replace(RESOLVED, review_url="https://wiki.contoso.example/reviews/INC-41")
REPORTS = {Kind.RESOLVED: RESOLVED, Kind.REVIEW: REVIEWED}


def told(
    kind: Kind = Kind.UPDATE,
    *,
    report: CanReport | None = None,
    title: str = "Card payments failing",
    number: int = 3,
    status: Status | None = None,
    promised: timedelta | None = timedelta(minutes=30),
    drill: bool = False,
) -> Telling:
    """What could be told; a resolved update promises nothing more."""
    ada = Person(name="Ada Byron", email="ada@contoso.example")
    became = status or OVER.get(kind, Status.IDENTIFIED)
    promises = dict.fromkeys(READERS, NOW + promised) if promised else {}
    return Telling(
        incident=Incident(
            id=1,
            key="INC-41",
            title=title,
            severity=Severity.SEV1,
            status=became,
            services=("Checkout", "Payments API"),
            declared_by=ada,
            declared_at=NOW - timedelta(minutes=40),
            drill=drill,
        ),
        update=as_kind(
            Update(
                id=1,
                incident="INC-41",
                number=number,
                kind=Kind.UPDATE,
                state=UpdateState.DRAFT,
                report=report or REPORTS.get(kind, REPORT),
                status=became,
                severity=Severity.SEV1,
                audiences=READERS,
                promises=promises,
                hash="",
                drafted_by=ada,
                drafted_at=NOW,
            ),
            kind,
        ),
        plan=PLAN,
        incident_url="https://sitrep.contoso.example/incidents/INC-41",
        page_url="https://status.contoso.example/incidents/k7qxa2mv3bpn",
    )


def letter(name: str, telling: Telling | None = None) -> Statement:
    """The statement that this audience gets."""
    told_to, reader = telling or told(), PLAN.audience(name)
    return write(told_to, reader, project(told_to, reader))


def text_of(name: str, telling: Telling | None = None, media: str = PLAIN) -> str:
    """What this audience reads, with its times in the plan's zone; links are still tokens."""
    statement = letter(name, telling)
    return in_zone(statement.parts[media], statement.time_zone, statement.language)


def digest(
    *, weekly: bool = False, items: tuple[Item, ...] | None = None, language: str = "en"
) -> Letter:
    """The digest of a day or a week with two incidents, for executives."""
    at = partial(moment, zone=PLAN.time_zone, language=language)
    told_of = (
        Item(
            title="Card payments failing",
            status="identified",
            impact=REPORT.conditions,
            told_at=at(NOW),
            updates=3,
            severity="SEV1",
            next_update=at(NOW + timedelta(minutes=30)),
            url="https://sitrep.contoso.example/incidents/INC-41",
        ),
        Item(
            title="Slow search",
            status="resolved",
            impact="Search answers in under a second again.",
            told_at=at(NOW - timedelta(hours=5)),
            updates=1,
            severity="SEV3",
        ),
    )
    return digest_letter(
        told_of if items is None else items,
        plan=PLAN,
        audience=PLAN.audience("executives"),
        since=at(NOW - timedelta(days=7 if weekly else 1)),
        until=at(NOW),
        weekly=weekly,
        language=language,
    )


def confirmation(language: str = "en") -> Letter:
    """The letter that asks a subscriber."""
    return confirmation_letter(
        plan=PLAN,
        confirm_url="https://status.contoso.example/confirm/k7Qx.3vN-pA_8",
        until=moment(NOW + timedelta(days=2), PLAN.time_zone, language=language),
        language=language,
    )


def typed(text: str, kind: Kind = Kind.UPDATE) -> Telling:
    """The sample with every typed text replaced by the one given."""
    return told(
        kind,
        title=" ".join(text.split())[:200],
        report=CanReport(
            conditions=text,
            risk=text,
            needs=(Need(text=text, owner=text, decision=True),),
            customer=CustomerText(symptom=text, scope=text, workaround=text),
        ),
    )


def delivery(number: int = 1) -> Delivery:
    """One recipient's delivery."""
    return Delivery(
        id=number,
        key=f"INC-41:3:stakeholders:mail:{number}",
        address=f"reader{number}@fabrikam.example",
        name=f"Reader {number}",
    )
