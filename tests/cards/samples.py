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

from bot.cards.answer import answer_card, found_card, incidents_card
from bot.cards.ask import ask_card
from bot.cards.can import can_card, report_fields
from bot.cards.decision import approved_card, awaiting_card, stale_card
from bot.cards.declare import declare_card
from bot.cards.help import help_card
from bot.cards.note import note_card, noted_card
from bot.cards.notice import broken_glass_card, no_room_card, problem_card
from bot.cards.nudge import nudge_card
from bot.cards.preview import preview_card
from bot.cards.reach import reach_card
from bot.cards.resolve import resolve_card, resolve_fields
from bot.cards.role import role_card
from bot.cards.views import AudienceReach, Reach
from bot.cards.war_room import war_room_card
from comms.acts.draft import Preview
from comms.ask import Ask, AskState
from comms.channels.teams import writer
from comms.delivery import DeliveryState
from comms.errors import NotFound
from comms.incident import Incident, Severity, Status
from comms.lint import Finding, Level
from comms.people import Person, Role
from comms.plan.model import Audience, ChannelName, Plan
from comms.projection import FIELDS, Telling, project
from comms.promise import Phase, Promise
from comms.reach import Estimate
from comms.report import Actions, Basis, CanReport, CustomerText, Need
from comms.statement import CARD, PLAIN, Statement
from comms.timeline import Entry
from comms.update import Approval, Kind, Update, UpdateState

Card = Mapping[str, object]

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


def samples(words: Words | None = None) -> dict[str, Card]:
    """Return every card in each of its states, by a name for its file."""
    said = words or Words()
    return {
        **_forms(said),
        **_room(said),
        **_decisions(said),
        **_answers(said),
        **_updates(said),
    }


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


def statement(words: Words, kind: Kind = Kind.UPDATE) -> Statement:
    """What responders read of the update."""
    what = replace(
        update(words),
        kind=kind,
        status=Status.RESOLVED if kind is Kind.RESOLVED else Status.IDENTIFIED,
        corrects=2 if kind is Kind.CORRECTION else None,
        promises={} if kind is Kind.RESOLVED else {"responders": NOW + timedelta(minutes=15)},
    )
    telling = Telling(
        incident=incident(words), update=what, plan=plan(), incident_url=URL, room_url=ROOM_URL
    )
    responders = telling.plan.audiences["responders"]
    return writer.write(telling, responders, project(telling, responders))


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


def _forms(said: Words) -> dict[str, Card]:
    typed = {"title": said.title, "summary": said.conditions, "services": said.owner}
    fields = report_fields(
        report(said),
        now=NOW,
        plan=plan(),
        status=Status.INVESTIGATING,
        audiences=("responders", "executives", "customers"),
    )
    empty = report_fields(
        None, now=NOW, plan=plan(), status=Status.DECLARED, audiences=("responders",)
    )
    here = incident(said)
    form = partial(can_card, incident=here, plan=plan(), form_id="f-1")
    resolving = partial(resolve_card, incident=here, form_id="f-1")
    return {
        "declare": declare_card(nonce="n-1"),
        "declare-error": declare_card(
            nonce="n-1", typed=typed, errors={"title": "Please fill this in."}, in_dialog=True
        ),
        "can": form(typed=fields, words=52, may_repeat=True),
        "can-first": form(typed=empty, words=0, may_repeat=False),
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
        "note": note_card(incident=here, form_id="f-1"),
        "note-error": note_card(
            incident=here, form_id="f-1", typed={"text": said.conditions}, errors={"": said.reason}
        ),
        "resolve": resolving(typed=resolve_fields(here, customers_told=True), customers_told=True),
        "resolve-untold": resolving(
            typed={"conditions": said.conditions}, customers_told=False, errors={"": said.reason}
        ),
    }


def _room(said: Words) -> dict[str, Card]:
    here, last = incident(said), update(said)
    sent = replace(last, number=2, state=UpdateState.APPROVED, approved_at=NOW)
    need = report(said).needs[0]
    asks = [
        Ask(id=1, incident="INC-41", need=need, raised_at=NOW),
        Ask(
            id=2,
            incident="INC-41",
            need=report(said).needs[1],
            raised_at=NOW,
            state=AskState.TAKEN,
            taken_by=replace(ANA, name=said.name),
        ),
        Ask(id=3, incident="INC-41", need=need, raised_at=NOW, state=AskState.MET, taken_by=BEN),
        Ask(id=4, incident="INC-41", need=need, raised_at=NOW, state=AskState.DROPPED),
    ]
    promises = [
        Promise(id=id_, incident="INC-41", audience=name, made_at=NOW, due_at=NOW + after)
        for id_, (name, after) in enumerate(
            {
                "responders": timedelta(minutes=-4),
                "executives": timedelta(minutes=18),
                "customers": timedelta(minutes=18),
            }.items()
        )
    ]
    people = {Role.INCIDENT_COMMANDER: ANA, Role.COMMS_LEAD: BEN, Role.SCRIBE: CLEO}
    resolved = replace(here, status=Status.RESOLVED, resolved_at=NOW, roles=people)
    room = partial(war_room_card, plan=plan(), now=NOW, incident_url=URL)
    nudge = partial(nudge_card, incident=here, plan=plan(), audiences=("executives", "customers"))
    failed = AudienceReach(
        audience="Executives", states={DeliveryState.ACCEPTED: 11, DeliveryState.REJECTED: 1}
    )
    entry = Entry(
        incident="INC-41",
        at=NOW,
        by=replace(ANA, name=said.name),
        kind="note",
        text=said.conditions,
    )
    return {
        "war-room": room(incident=here, update=sent, promises=promises, asks=asks, reach=reach()),
        "war-room-draft": room(incident=replace(here, severity=Severity.SEV3), update=last),
        "war-room-many": room(incident=here, update=sent, asks=asks[:2] * 5),
        "war-room-new": room(
            incident=replace(here, roles={}, severity=Severity.SEV2), incident_url=""
        ),
        "war-room-resolved": room(incident=resolved, update=sent, promises=(), reach=reach()),
        "roles": role_card(incident=here),
        **{f"ask-{ask.state}": ask_card(incident=here, ask=ask, plan=plan()) for ask in asks},
        "nudge": nudge(
            phase=Phase.NUDGE,
            due_at=NOW + timedelta(minutes=5),
            now=NOW,
            to=replace(BEN, name=said.name),
        ),
        "nudge-due": nudge(phase=Phase.DUE, due_at=NOW, now=NOW, to=ANA, draft=3),
        "nudge-escalate": nudge(
            phase=Phase.ESCALATE, due_at=NOW - timedelta(minutes=5), now=NOW, to=CLEO
        ),
        "nudge-nobody": nudge(phase=Phase.DUE, due_at=NOW, now=NOW, to=None),
        "reach": reach_card(incident=here, reach=reach(), incident_url=URL),
        "reach-failed": reach_card(
            incident=here, reach=Reach(number=2, audiences=(failed,)), incident_url=URL
        ),
        "noted": noted_card(incident=here, entry=entry, plan=plan(), incident_url=URL),
        "no-room": no_room_card(
            incident=here,
            reason=said.reason,
            instead="Add the app to the channel.",
            incident_url=URL,
        ),
    }


def _decisions(said: Words) -> dict[str, Card]:
    here, draft = incident(said), update(said)
    approver = replace(BEN, name=said.name, teams_id="29:ben")
    lead = Approval(by=approver, roles=frozenset({Role.COMMS_LEAD}), hash=HASH, at=NOW)
    glass = replace(lead, break_glass=said.reason)
    awaiting = replace(draft, state=UpdateState.AWAITING, approvals=(lead,))
    approved = replace(draft, state=UpdateState.APPROVED, approvals=(lead, glass))
    finding = Finding(
        level=Level.WARN,
        audience="customers",
        code="scope",
        message=said.reason,
        pointer="/customer",
    )
    mentioned = replace(plan(), duty_manager=replace(ANA, name=said.name))
    return {
        "preview": preview_card(
            incident=here, preview=preview(said, finding), plan=plan(), incident_url=URL
        ),
        "preview-blocked": preview_card(
            incident=here,
            preview=preview(said, finding, replace(finding, level=Level.BLOCK)),
            plan=plan(),
        ),
        "awaiting": awaiting_card(
            incident=here, update=awaiting, plan=plan(), needed=(Role.INCIDENT_COMMANDER,)
        ),
        "approved": approved_card(incident=here, update=approved, plan=plan(), incident_url=URL),
        "stale": stale_card(incident=here, update=draft),
        "broken-glass": broken_glass_card(
            incident=here, update=approved, approval=glass, plan=mentioned, incident_url=URL
        ),
    }


def _answers(said: Words) -> dict[str, Card]:
    here, sent = incident(said), replace(update(said), approved_at=NOW)
    soon = NOW + timedelta(minutes=30)
    answer = partial(answer_card, key="INC-41", plan=plan())
    return {
        "answer": answer(
            update=sent, text=f"{said.symptom}\n\n{said.conditions}", next_update=soon
        ),
        "answer-nothing": answer(update=None, text="", next_update=None),
        "incidents": incidents_card(
            incidents=(here, replace(here, key="INC-42", severity=Severity.SEV3)), plan=plan()
        ),
        "incidents-none": incidents_card(incidents=(), plan=plan()),
        "found": found_card(incident=here, plan=plan(), incident_url=URL),
        "help": help_card(),
        "problem": problem_card(NotFound(f"There is no incident {said.title!r}.")),
    }


def _updates(said: Words) -> dict[str, Card]:
    return {f"told-{kind}": json.loads(statement(said, kind).parts[CARD]) for kind in Kind}


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
