"""The incident of all sample cards, told in ordinary words or with one nasty text everywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.cards.views import AudienceReach, Reach
from comms.acts.draft import Preview
from comms.channels.teams import writer
from comms.delivery import DeliveryState
from comms.estimate import Estimate
from comms.incident import Incident, Severity, Status
from comms.lint import Finding
from comms.people import Person, Role
from comms.plan.model import Audience, ChannelName, Plan
from comms.projection import FIELDS, Telling, project
from comms.render import Writer
from comms.report import Actions, Basis, CanReport, CustomerText, Need
from comms.statement import PLAIN, Statement
from comms.update import Kind, Update, UpdateState
from tests.kinds import as_kind

NOW = datetime(2026, 11, 21, 9, 42, tzinfo=UTC)
HASH = "3f7a9c1e" * 8
URL = "https://sitrep.example.com/incidents/INC-41"
ROOM_URL = "https://teams.microsoft.com/l/message/19%3Aroom/1"

ANA = Person(name="Ana Silva", email="ana@example.com", teams_id="29:ana")
BEN = Person(name="Ben Okafor", email="ben@example.com", teams_id="29:ben")
CLEO = Person(name="Cleo Martin", email="cleo@example.com")

NASTY = {
    "markdown": "**bold** _it_ [a](https://evil.example) ![i](x) `c` ~~s~~ 2 * 3 card_payments_v2",
    "blocks": "- one\n+ two\n* three\n1. four\n2) five\n# six\n> seven\n---\n[x]: y\n    deep\n\n.",
    "html": '<b>b</b> <script>alert("1")</script> <!-- c --> &lt; &amp; &#42; a < b > c',
    "mention": "<at>Ana Silva</at> <AT>Ben</AT>",
    "jinja": "{{ 7 * 7 }} {% include 'x' %} {# c #} {{DATE(2017-02-14T06:08:39Z, SHORT)}} ${x}",
    "bidi": "abc \u202egnp.exe\u202c \u2067שלום\u2069 مرحبا",
    "lines": "first\r\nsecond\rthird\\\nC:\\_temp\\*.log",
    "json": '"}], "actions": [],\n] } \\" \\u0041 😀 \ud83d',
    "long": "Card payments fail for some customers. " * 256,
    "unbroken": "x" * 10_000,
    "empty": "",
}


@dataclass(frozen=True, kw_only=True)
class Words:
    """The texts of a sample: an ordinary incident's, or one nasty text everywhere."""

    title: str = "Card payments fail for some customers"
    conditions: str = "4 in 10 card payments are declined since 09:12. Bank transfer works."
    action: str = "Rolling back release 412"
    need: str = "A database engineer who knows the ledger"
    owner: str = "Payments team"
    name: str = "Ana Silva"
    symptom: str = "Some card payments are declined."
    reason: str = "The incident commander cannot be reached"

    @classmethod
    def all(cls, text: str) -> Words:
        """The same text in every place."""
        return cls(**dict.fromkeys(cls.__dataclass_fields__, text))


def incident(words: Words) -> Incident:
    """The incident of all samples."""
    ana = replace(ANA, name=words.name)
    return Incident(
        id=41,
        key="INC-41",
        title=words.title,
        severity=Severity.SEV1,
        status=Status.INVESTIGATING,
        services=("Checkout", "Payments API"),
        declared_by=ana,
        declared_at=NOW - timedelta(minutes=30),
        roles={Role.INCIDENT_COMMANDER: ana},
    )


def report(words: Words) -> CanReport:
    """The CAN report of all samples."""
    return CanReport(
        conditions=words.conditions,
        basis=Basis.MEASURED,
        actions=Actions(
            done=("Moved new payments to the second provider", words.action),
            doing=(words.action,),
            next=("Retry the payments that failed",),
        ),
        needs=(
            Need(text=words.need, owner=words.owner, by=NOW + timedelta(minutes=48)),
            Need(text="Stop the marketing campaign?", owner="CMO", decision=True),
        ),
        risk="Refunds may take until Monday",
        customer=CustomerText(symptom=words.symptom, workaround="Pay by bank transfer."),
    )


def update(words: Words) -> Update:
    """The draft of all samples."""
    return Update(
        id=3,
        incident="INC-41",
        number=3,
        kind=Kind.UPDATE,
        state=UpdateState.DRAFT,
        report=report(words),
        status=Status.IDENTIFIED,
        severity=Severity.SEV2,
        audiences=("responders", "executives", "customers"),
        promises={"customers": NOW + timedelta(minutes=30)},
        hash=HASH,
        drafted_by=replace(BEN, name=words.name),
        drafted_at=NOW,
    )


def plan() -> Plan:
    """The plan of all samples."""
    seen = frozenset(FIELDS) - {"impact", "decisions"}
    channels = {
        "Responders": (ChannelName.TEAMS,),
        "Customers": (ChannelName.PAGE, ChannelName.MAIL),
    }
    approval = {
        "Executives": (Role.INCIDENT_COMMANDER,),
        "Customers": (Role.COMMS_LEAD, Role.INCIDENT_COMMANDER),
    }
    labels = ("Responders", "Executives", "Stakeholders", "Customers")
    return Plan(
        organisation="Example Pay",
        time_zone=ZoneInfo("UTC"),
        audiences={
            label.lower(): Audience(
                name=label.lower(),
                label=label,
                position=position,
                channels=channels.get(label, (ChannelName.MAIL,)),
                sees=seen,
                approval=approval.get(label, ()),
                cadence={},
                template="responders",
            )
            for position, label in enumerate(labels)
        },
        duty_manager=CLEO,
    )


def statement(
    words: Words,
    kind: Kind = Kind.UPDATE,
    *,
    reader: Audience | None = None,
    write: Writer = writer.write,
) -> Statement:
    """What this audience, by default responders, reads of the update in Teams."""
    promises = dict.fromkeys(("responders", "executives"), NOW + timedelta(minutes=15))
    what = as_kind(replace(update(words), promises=promises), kind)
    telling = Telling(
        incident=incident(words), update=what, plan=plan(), incident_url=URL, room_url=ROOM_URL
    )
    reader = reader or telling.plan.audiences["responders"]
    return write(telling, reader, project(telling, reader))


def reach() -> Reach:
    """An update on its way."""
    accepted, rejected, planned = (
        DeliveryState.ACCEPTED,
        DeliveryState.REJECTED,
        DeliveryState.PLANNED,
    )
    return Reach(
        number=2,
        audiences=(
            AudienceReach(audience="Responders", states={accepted: 1}),
            AudienceReach(audience="Executives", states={accepted: 11, rejected: 1}),
            AudienceReach(
                audience="Customers",
                states={accepted: 3180, planned: 1820, DeliveryState.SUPPRESSED: 12},
                eta=timedelta(minutes=14),
            ),
        ),
    )


def preview(words: Words, *findings: Finding) -> Preview:
    """The draft as an approver sees it."""
    mail = (
        f"{words.title}\n\nImpact: {words.conditions}\nDecision needed: {words.need}\n\n"
        "Next update by 10:12 UTC.\n\x7f+seen\x7f\nI have seen this:\n\x7f=seen\x7f\n\x7f-seen\x7f"
    )
    notice = f"{words.symptom}\n\nPay by bank transfer.\n\nNext update by 10:12 UTC."
    can = statement(words)

    def said(audience: str, channel: ChannelName, text: str) -> Statement:
        subject = f"[INC-41] {words.title}"
        return replace(
            can, audience=audience, channel=channel, subject=subject, parts={PLAIN: text}
        )

    return Preview(
        update=update(words),
        statements=(
            can,
            said("executives", ChannelName.MAIL, mail),
            said("customers", ChannelName.PAGE, notice),
            said("customers", ChannelName.MAIL, f"{notice}\n\nUnsubscribe: \x7f=unsubscribe\x7f"),
        ),
        estimates={
            "responders": Estimate(recipients=1, eta_seconds=0),
            "executives": Estimate(recipients=12, eta_seconds=24),
            "customers": Estimate(recipients=5000, eta_seconds=840),
        },
        findings=findings,
        needed=(Role.COMMS_LEAD, Role.INCIDENT_COMMANDER),
        missing=(Role.COMMS_LEAD, Role.INCIDENT_COMMANDER),
    )
