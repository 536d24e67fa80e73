"""A sample of every card, ordinary and nasty; `python -m tests.cards.samples FOLDER` writes them.

The files can be drawn with any adaptive cards renderer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from bot.cards import verbs
from bot.cards.answer import answer_card, found_card, incidents_card
from bot.cards.ask import ask_card
from bot.cards.can import can_card, report_fields
from bot.cards.decision import (
    approved_card,
    approver_card,
    awaiting_card,
    discarded_card,
    drafted_card,
    stale_card,
)
from bot.cards.declare import declare_card
from bot.cards.help import help_card
from bot.cards.kept import kept_card
from bot.cards.note import note_card, noted_card
from bot.cards.notice import (
    broken_glass_card,
    no_room_card,
    outage_card,
    problem_card,
    room_found_card,
)
from bot.cards.preview import preview_card
from bot.cards.reach import reach_card
from bot.cards.resolve import resolve_card, resolve_fields
from bot.cards.role import role_card
from bot.cards.views import AudienceReach, Reach
from bot.cards.war_room import war_room_card
from comms.ask import Ask, AskState
from comms.channels.teams.writer import write_chat
from comms.delivery import DeliveryState
from comms.errors import NotFound, Unavailable
from comms.incident import Severity, Status
from comms.lint import Finding, Level
from comms.outage import Outage
from comms.people import Role
from comms.plan.model import ChannelName
from comms.promise import Promise
from comms.statement import CARD
from comms.timeline import Entry
from comms.update import Approval, Kind, UpdateState
from tests.cards.conduct import conducted
from tests.cards.deadlines import deadlines
from tests.cards.reminders import reminders
from tests.cards.story import (
    ANA,
    BEN,
    CLEO,
    HASH,
    NASTY,
    NOW,
    URL,
    Words,
    incident,
    plan,
    preview,
    reach,
    report,
    statement,
    update,
)

Card = Mapping[str, object]


def samples(words: Words | None = None) -> dict[str, Card]:
    """Return every card in each of its states, by a name for its file."""
    said = words or Words()
    return {
        **_forms(said),
        **_room(said),
        **_decisions(said),
        **reminders(said),
        **deadlines(said),
        **conducted(said),
        **_answers(said),
        **_updates(said),
    }


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
    resolving = partial(resolve_card, incident=here, plan=plan(), form_id="f-1")
    return {
        "declare": declare_card(nonce="n-1", plan=plan()),
        "declare-error": declare_card(
            nonce="n-1",
            plan=plan(),
            typed=typed,
            errors={"title": "Please fill this in."},
            in_dialog=True,
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
        "resolve": resolving(
            typed=resolve_fields(here, plan=plan(), customers_told=True), customers_told=True
        ),
        "resolve-untold": resolving(
            typed={"conditions": said.conditions}, customers_told=False, errors={"": said.reason}
        ),
        "kept": kept_card(
            Unavailable("The database is locked by another program."),
            {"verb": verbs.CAN_SUBMIT, "incident": "INC-41", "form": "f-1", **fields},
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
        "war-room-suspected": room(
            incident=replace(here, roles={}, status=Status.TRIAGE), update=None
        ),
        "war-room-new": room(
            incident=replace(here, roles={}, severity=Severity.SEV2), incident_url=""
        ),
        "war-room-resolved": room(incident=resolved, update=sent, promises=(), reach=reach()),
        "roles": role_card(incident=here),
        **{f"ask-{ask.state}": ask_card(incident=here, ask=ask, plan=plan()) for ask in asks},
        "ask-declined": ask_card(
            incident=here,
            ask=replace(asks[0], declined_by=replace(ANA, name=said.name)),
            plan=plan(),
        ),
        "drafted": drafted_card(incident=here, update=last),
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
        "room-found": room_found_card(
            incident=here, where=f"in the channel {said.owner}", incident_url=URL
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
    liftable = replace(finding, level=Level.BLOCK, can_override=True)
    overriding = replace(lead, roles=frozenset(), override=said.reason)
    overridden = replace(awaiting, approvals=(overriding,))
    asked = replace(awaiting, asked=(replace(ANA, name=said.name),))
    stood_in = replace(lead, stands_in=True)
    mentioned = replace(plan(), duty_manager=replace(ANA, name=said.name))
    outage = Outage(channel=ChannelName.MAIL, since=NOW, why=said.reason)
    return {
        "preview": preview_card(
            incident=here, preview=preview(said, finding), plan=plan(), incident_url=URL
        ),
        "preview-approved-once": preview_card(
            incident=here,
            preview=replace(
                preview(said), update=awaiting, missing=(Role.COMMS_LEAD, Role.INCIDENT_COMMANDER)
            ),
            plan=plan(),
        ),
        "preview-blocked": preview_card(
            incident=here,
            preview=preview(said, finding, replace(finding, level=Level.BLOCK)),
            plan=plan(),
        ),
        "preview-override": preview_card(
            incident=here, preview=preview(said, liftable), plan=plan(), incident_url=URL
        ),
        "preview-overridden": preview_card(
            incident=here,
            preview=replace(preview(said, finding, liftable), update=overridden),
            plan=plan(),
        ),
        "awaiting": awaiting_card(
            incident=here, update=awaiting, plan=plan(), needed=(Role.INCIDENT_COMMANDER,)
        ),
        "preview-asked": preview_card(
            incident=here,
            preview=replace(preview(said), update=asked, missing=(Role.INCIDENT_COMMANDER,)),
            plan=plan(),
        ),
        "approver": approver_card(incident=here, update=asked, needed=(Role.INCIDENT_COMMANDER,)),
        "approved": approved_card(incident=here, update=approved, plan=plan(), incident_url=URL),
        "approved-in-place": approved_card(
            incident=here, update=replace(approved, approvals=(stood_in,)), plan=plan()
        ),
        "stale": stale_card(incident=here, update=draft),
        "discarded": discarded_card(
            incident=here, update=3, by=replace(ANA, name=said.name), at=NOW, plan=plan()
        ),
        "outage": outage_card(
            incident=here, outage=outage, ended_at=None, plan=plan(), incident_url=URL
        ),
        "outage-over": outage_card(
            incident=here,
            outage=outage,
            ended_at=NOW + timedelta(minutes=7),
            plan=plan(),
            incident_url=URL,
        ),
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
    in_chat = statement(said, write=write_chat)
    return {
        "told-chat": json.loads(in_chat.parts[CARD]),
        **{f"told-{kind}": json.loads(statement(said, kind).parts[CARD]) for kind in Kind},
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
