"""A sample of every card, ordinary and nasty; `python -m tests.cards.samples FOLDER` writes them.

The files can be drawn with any adaptive cards renderer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.cards.can import can_card, report_fields
from bot.cards.decision import approved_card, awaiting_card, stale_card
from bot.cards.declare import declare_card
from bot.cards.preview import preview_card
from bot.cards.reach import reach_card
from bot.cards.views import Ask, AudienceReach, Finding, Preview, Promise, Reach
from bot.cards.war_room import Conditions, war_room_card
from comms.delivery import DeliveryState
from comms.incident import Incident, Severity, Status
from comms.people import Person, Role
from comms.plan.model import Audience, ChannelName
from comms.report import Actions, Basis, CanReport, CustomerText, Need
from comms.update import Approval, Kind, Update, UpdateState

Card = Mapping[str, object]

NOW = datetime(2026, 11, 21, 9, 42, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
HASH = "3f7a9c1e" * 8
URL = "https://sitrep.example.com/incidents/INC-41"

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


def samples(words: Words | None = None) -> dict[str, Card]:
    """Return every card in each of its states, by a name for its file."""
    said = words or Words()
    return {**_forms(said), **_room(said), **_decisions(said)}


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
        audiences=("responders", "executives", "customers"),
        promises={"customers": NOW + timedelta(minutes=30)},
        hash=HASH,
        drafted_by=replace(BEN, name=words.name),
        drafted_at=NOW,
    )


def audiences() -> tuple[Audience, ...]:
    """The audiences of all samples."""
    labels = ("Responders", "Executives", "Stakeholders", "Customers")
    return tuple(
        Audience(
            name=label.lower(),
            label=label,
            position=position,
            channels=(ChannelName.MAIL,),
            sees=frozenset(),
            approval=(),
            cadence={},
            template=label.lower(),
        )
        for position, label in enumerate(labels)
    )


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


def _forms(said: Words) -> dict[str, Card]:
    typed = {"title": said.title, "summary": said.conditions, "services": said.owner}
    fields = report_fields(
        report(said),
        now=NOW,
        zone=ZONE,
        status=Status.INVESTIGATING,
        audiences=("responders", "executives", "customers"),
    )
    form = partial(can_card, incident=incident(said), audiences=audiences(), form_id="f-1")
    return {
        "declare": declare_card(nonce="n-1"),
        "declare-error": declare_card(
            nonce="n-1", typed=typed, errors={"title": "Please fill this in."}, in_dialog=True
        ),
        "can": form(typed=fields, words=52, may_repeat=True),
        "can-first": form(
            typed=report_fields(
                None, now=NOW, zone=ZONE, status=Status.DECLARED, audiences=("responders",)
            ),
            words=0,
            may_repeat=False,
        ),
        "can-error": form(
            typed=fields,
            words=94,
            may_repeat=True,
            errors={
                "": "The draft was not saved.",
                "needs": f"Line 1: '{said.need}' is no time.",
                "symptom": "Say what customers see.",
            },
        ),
    }


def _room(said: Words) -> dict[str, Card]:
    now = incident(said)
    asks = (
        Ask(id=1, text=said.need, owner=said.owner, by=NOW + timedelta(minutes=48)),
        Ask(id=2, text="Stop the marketing campaign?", taken_by=replace(ANA, name=said.name)),
        Ask(id=3, text="Met already", met=True),
    )
    resolved = replace(
        now,
        status=Status.RESOLVED,
        resolved_at=NOW,
        roles={Role.INCIDENT_COMMANDER: ANA, Role.COMMS_LEAD: BEN, Role.SCRIBE: CLEO},
    )
    conditions = Conditions(
        text=said.conditions,
        basis=Basis.MEASURED,
        number=2,
        at=NOW - timedelta(minutes=12),
        approved=True,
    )
    done = AudienceReach(
        audience="Executives", states={DeliveryState.ACCEPTED: 11, DeliveryState.REJECTED: 1}
    )
    return {
        "war-room": war_room_card(
            incident=now,
            zone=ZONE,
            conditions=conditions,
            promises=(
                Promise(audience="Responders", due_at=NOW - timedelta(minutes=4), overdue=True),
                Promise(audience="Executives", due_at=NOW + timedelta(minutes=18)),
                Promise(audience="Customers", due_at=NOW + timedelta(minutes=18)),
            ),
            asks=asks,
            reach=reach(),
            incident_url=URL,
        ),
        "war-room-new": war_room_card(incident=replace(now, roles={}), zone=ZONE),
        "war-room-resolved": war_room_card(
            incident=resolved, zone=ZONE, conditions=conditions, reach=reach(), incident_url=URL
        ),
        "reach": reach_card(incident=now, reach=reach(), incident_url=URL),
        "reach-failed": reach_card(
            incident=now, reach=Reach(number=2, audiences=(done,)), incident_url=URL
        ),
    }


def _decisions(said: Words) -> dict[str, Card]:
    now, draft = incident(said), update(said)
    mail = (
        f"{said.title}\n\nImpact: {said.conditions}\nDecision needed: {said.need}\n\n"
        "Next update by 10:12 UTC."
    )
    previews = (
        Preview(audience="Responders", channels=("Teams",), text=mail, recipients=1),
        Preview(
            audience="Executives",
            channels=("mail",),
            text=mail,
            recipients=12,
            awaits=(Role.INCIDENT_COMMANDER,),
        ),
        Preview(
            audience="Customers",
            channels=("status page", "mail"),
            text=f"{said.symptom}\n\nPay by bank transfer.\n\nNext update by 10:12 UTC.",
            recipients=5000,
            suppressed=12,
            eta=timedelta(minutes=14),
            findings=(Finding(message="“Declined” may alarm; say what works instead."),),
            awaits=(Role.COMMS_LEAD, Role.INCIDENT_COMMANDER),
        ),
    )
    blocked = replace(
        previews[2],
        findings=(Finding(message=f"“{said.owner}” is an internal name.", blocks=True),),
    )
    comms_lead = Approval(
        by=replace(BEN, name=said.name),
        roles=frozenset({Role.COMMS_LEAD}),
        hash=HASH,
        at=NOW,
    )
    glass = replace(comms_lead, break_glass=said.reason)
    awaiting = replace(draft, state=UpdateState.AWAITING, approvals=(comms_lead,))
    approved = replace(draft, state=UpdateState.APPROVED, approvals=(comms_lead, glass))
    return {
        "preview": preview_card(incident=now, update=draft, previews=previews, incident_url=URL),
        "preview-blocked": preview_card(incident=now, update=draft, previews=(blocked,)),
        "awaiting": awaiting_card(
            incident=now, update=awaiting, zone=ZONE, needed=(Role.INCIDENT_COMMANDER,)
        ),
        "approved": approved_card(
            incident=now,
            update=approved,
            zone=ZONE,
            audiences=("Responders", "Executives", "Customers"),
            incident_url=URL,
        ),
        "stale": stale_card(incident=now, update=draft),
    }


def main(folder: Path) -> None:
    """Write every sample as a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    named = samples() | {
        f"nasty-{kind}-{name}": card
        for kind, text in NASTY.items()
        for name, card in samples(Words.all(text)).items()
    }
    for name, card in named.items():
        (folder / f"{name}.json").write_text(json.dumps(card, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
