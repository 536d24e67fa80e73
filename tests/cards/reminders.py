"""Samples of the cards that remind: of promises, of needs, of what readers do not know yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.cards.ask import unmet_card
from bot.cards.changed import changed_card, current_card
from bot.cards.handing import handover_card, offer_card
from bot.cards.nudge import answered_nudge_card, nudge_card, snoozed_nudge_card
from comms.ask import Ask, AskState
from comms.people import Role
from comms.plan.escalation import Phase
from comms.promise import Promise, answered
from comms.timeline import Entry
from comms.update import UpdateState
from tests.cards.story import ANA, BEN, CLEO, NOW, URL, Words, incident, plan, report, update

Card = Mapping[str, object]

MINUTE = timedelta(minutes=1)


def reminders(said: Words) -> dict[str, Card]:
    """Every card that reminds somebody, by its name."""
    return {**_of_promises(said), **_of_needs(said), **_of_changes(said)}


def _of_promises(said: Words) -> dict[str, Card]:
    here, ben = incident(said), replace(BEN, name=said.name)
    nudge = partial(
        nudge_card, incident=here, plan=plan(), audiences=("executives", "customers"), now=NOW
    )
    promise = Promise(
        id=1, incident="INC-41", audience="executives", made_at=NOW, due_at=NOW + 30 * MINUTE
    )
    kept = answered(promise, number=3, now=NOW + 28 * MINUTE)
    put_off = replace(promise, snoozed_until=NOW + 10 * MINUTE)
    return {
        "nudge": nudge(phase=Phase.NUDGE, due_at=NOW + 5 * MINUTE, to=ben),
        "nudge-repeat": nudge(phase=Phase.NUDGE, due_at=NOW + 5 * MINUTE, to=ben, sent=3),
        "nudge-due": nudge(phase=Phase.DUE, due_at=NOW, to=ANA, draft=3),
        "nudge-escalate": nudge(phase=Phase.ESCALATE, due_at=NOW - 5 * MINUTE, to=CLEO),
        "nudge-nobody": nudge(phase=Phase.DUE, due_at=NOW, to=None),
        "nudge-again": nudge(phase=Phase.DUE, due_at=NOW, to=ben, sent=3, may_put_off=False),
        "nudge-answered": answered_nudge_card(
            incident=here, plan=plan(), promises=[kept], reminded=ben, incident_url=URL
        ),
        "nudge-snoozed": snoozed_nudge_card(
            incident=here,
            plan=plan(),
            promises=[put_off],
            said=Entry(incident="INC-41", at=NOW, by=ben, kind="promise.snoozed", text=said.reason),
            incident_url=URL,
        ),
        "offer": offer_card(incident=here, role=Role.COMMS_LEAD, by=said.name, incident_url=URL),
        "handover": handover_card(
            incident=here,
            plan=plan(),
            to=ben,
            owed=[promise, replace(promise, audience="customers", due_at=NOW + 40 * MINUTE)],
            last=update(said),
            draft=None,
            incident_url=URL,
        ),
    }


def _of_needs(said: Words) -> dict[str, Card]:
    here, ben = incident(said), replace(BEN, name=said.name)
    unmet = partial(unmet_card, incident=here, plan=plan(), now=NOW + 120 * MINUTE)
    timed, other = report(said).needs[:2]
    ask = Ask(id=1, incident="INC-41", need=timed, raised_at=NOW)
    taken = replace(ask, need=other, state=AskState.TAKEN, taken_by=ben)
    return {"ask-unmet": unmet(ask=ask, to=ANA), "ask-unmet-taken": unmet(ask=taken, to=ben)}


def _of_changes(said: Words) -> dict[str, Card]:
    here = incident(said)
    sent = replace(update(said), number=2, state=UpdateState.APPROVED, approved_at=NOW)
    return {
        "changed": changed_card(
            incident=here,
            plan=plan(),
            unaware={"executives": sent, "customers": replace(sent, number=1)},
            to=replace(BEN, name=said.name),
            incident_url=URL,
        ),
        "changed-told": current_card(incident=here, incident_url=URL),
    }
