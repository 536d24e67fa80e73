"""What the book says, as the war room's cards show it. Each look is a read of one transaction."""

from __future__ import annotations

from datetime import datetime

from bot.cards.ask import ask_card, unmet_card
from bot.cards.changed import changed_card, current_card
from bot.cards.checklist import checklist_card
from bot.cards.decision import (
    approved_card,
    approver_card,
    discarded_card,
    drafted_card,
    stale_card,
)
from bot.cards.handing import handover_card, offer_card
from bot.cards.notice import broken_glass_card, outage_card
from bot.cards.nudge import answered_nudge_card, nudge_card, snoozed_nudge_card
from bot.cards.preview import preview_card
from bot.cards.reach import reach_card
from bot.cards.regulators import countdown_card, deadline_card, form_card, regulators_card
from bot.cards.views import Reach, reach_of
from bot.cards.war_room import war_room_card
from comms.acts import checklists, countdowns, draft
from comms.acts.called import reminded
from comms.acts.chasing import seen_by
from comms.acts.kind import last_approved
from comms.acts.unaware import unaware
from comms.desk import Scene
from comms.outage import Outage
from comms.people import Role
from comms.plan.escalation import Phase, step_of
from comms.plan.model import ChannelName
from comms.throttle import Limit, learned
from comms.unreached import SHOWN, missed
from comms.update import Update, UpdateState

Card = dict[str, object]


def war_room(scene: Scene, key: str) -> Card:
    """The war room's own card."""
    updates = scene.book.updates.of(key)
    sent = last_approved(scene, key)
    return war_room_card(
        incident=scene.book.incidents.get(key),
        plan=scene.plan,
        now=scene.now,
        update=updates[-1] if updates else None,
        promises=[promise for promise in scene.book.promises.of(key) if promise.is_owed],
        asks=[ask for ask in scene.book.asks.of(key) if ask.is_live],
        reach=_reach(scene, sent) if sent else None,
        countdowns=scene.book.countdowns.of(key) if scene.plan.regulators else (),
        refused=scene.house.refused,
        incident_url=scene.house.incident_url(key),
    )


def update(scene: Scene, key: str, number: int) -> Card:
    """An update's card: to approve while it is a draft, its approvals once it is sent."""
    incident = scene.book.incidents.get(key)
    seen = draft.preview(scene, key, number)
    url = scene.house.incident_url(key)
    if seen.update.state is UpdateState.APPROVED:
        return approved_card(
            incident=incident, update=seen.update, plan=scene.plan, incident_url=url
        )
    return preview_card(incident=incident, preview=seen, plan=scene.plan, incident_url=url)


def drafted(scene: Scene, key: str, number: int) -> Card:
    """What takes the place of a form; the draft itself where there is no war room to show it in."""
    if scene.book.rooms.of(key) is None:
        return update(scene, key, number)
    return drafted_card(
        incident=scene.book.incidents.get(key), update=scene.book.updates.get(key, number)
    )


def approver(scene: Scene, key: str, number: int) -> Card | None:
    """What asks the next one to approve; None where it is not needed any more."""
    seen = draft.preview(scene, key, number)
    if not (seen.update.state.is_open and seen.update.asked and seen.missing):
        return None
    return approver_card(
        incident=scene.book.incidents.get(key), update=seen.update, needed=seen.missing
    )


def answered_approver(scene: Scene, key: str, number: int) -> Card | None:
    """What takes the place of that request: what was approved, or that the draft is another or
    gone; None while it stands."""
    update = next((one for one in scene.book.updates.of(key) if one.number == number), None)
    if update is None:  # discarded while its card was being posted
        return discarded(scene, key, number)
    if update.state is UpdateState.APPROVED:
        return approved_card(
            incident=scene.book.incidents.get(key),
            update=update,
            plan=scene.plan,
            incident_url=scene.house.incident_url(key),
        )
    return None if update.asked else outdated(scene, key, number)


def outdated(scene: Scene, key: str, number: int) -> Card:
    """What takes the place of an older draft's card."""
    return stale_card(
        incident=scene.book.incidents.get(key), update=scene.book.updates.get(key, number)
    )


def discarded(scene: Scene, key: str, number: int) -> Card | None:
    """What takes the place of a discarded draft's card; None where there is no such draft."""
    for entry in reversed(scene.book.timeline.of(key)):
        if entry.kind == "update.discarded" and entry.facts.get("update") == number:
            return discarded_card(
                incident=scene.book.incidents.get(key),
                update=number,
                by=entry.by,
                at=entry.at,
                plan=scene.plan,
            )
    return None


def reached(scene: Scene, key: str, number: int) -> Card:
    """How far an update has got."""
    return reach_card(
        incident=scene.book.incidents.get(key),
        reach=_reach(scene, scene.book.updates.get(key, number)),
        missed=missed(scene, key, number),
        incident_url=scene.house.incident_url(key),
    )


def asked(scene: Scene, ask_id: int) -> Card:
    """An ask, with the button of its next step."""
    ask = scene.book.asks.get(ask_id)
    return ask_card(incident=scene.book.incidents.get(ask.incident), ask=ask, plan=scene.plan)


def unmet(scene: Scene, ask_id: int) -> Card | None:
    """The reminder of an ask, to whoever has it or leads; None where it is met meanwhile."""
    ask = scene.book.asks.get(ask_id)
    if not ask.is_live:
        return None
    incident = scene.book.incidents.get(ask.incident)
    leads = incident.holder(Role.INCIDENT_COMMANDER) or incident.declared_by
    return unmet_card(
        incident=incident, ask=ask, plan=scene.plan, to=ask.taken_by or leads, now=scene.now
    )


def nudge(scene: Scene, key: str, step: str, due_at: datetime) -> Card | None:
    """A reminder of what was promised for `due_at`; None where it has been answered meanwhile."""
    owed = [
        promise
        for promise in scene.book.promises.of(key)
        if promise.is_owed and promise.due_at == due_at
    ]
    if not owed:
        return None
    incident = scene.book.incidents.get(key)
    waiting = draft.open_draft(scene, key)
    chain = step_of(scene.plan.escalation, step)
    return nudge_card(
        incident=incident,
        plan=scene.plan,
        phase=chain.phase,
        due_at=due_at,
        audiences=[promise.audience for promise in owed],
        now=scene.now,
        to=reminded(scene, chain, incident),
        draft=waiting.number if waiting else None,
        sent=sent.number if (sent := last_approved(scene, key)) else None,
        may_put_off=not any(promise.snoozed_until for promise in owed),
        incident_url=scene.house.incident_url(key),
    )


def put_off(scene: Scene, key: str, due_at: datetime) -> Card | None:
    """What takes the place of a nudge that was put off just now."""
    return settled_nudge(scene, key, Phase.NUDGE.value, due_at)


def settled_nudge(scene: Scene, key: str, step: str, due_at: datetime) -> Card | None:
    """What takes a nudge's place once what was promised for `due_at` is owed no more, or the
    reminder was put off; else None."""
    promises = [promise for promise in scene.book.promises.of(key) if promise.due_at == due_at]
    incident = scene.book.incidents.get(key)
    url = scene.house.incident_url(key)
    owed = [promise for promise in promises if promise.is_owed]
    if not owed:
        return answered_nudge_card(
            incident=incident,
            plan=scene.plan,
            promises=promises,
            reminded=reminded(scene, step_of(scene.plan.escalation, step), incident),
            incident_url=url,
        )
    if all(promise.is_snoozed(scene.now) for promise in owed):
        put_off = [e for e in scene.book.timeline.of(key) if e.kind == "promise.snoozed"]
        return snoozed_nudge_card(
            incident=incident, plan=scene.plan, promises=owed, said=put_off[-1], incident_url=url
        )
    return None


def offer(scene: Scene, key: str, role: Role, by: str) -> Card:
    """The question who takes a role over."""
    return offer_card(
        incident=scene.book.incidents.get(key),
        role=role,
        by=by,
        incident_url=scene.house.incident_url(key),
    )


def handover(scene: Scene, key: str) -> Card | None:
    """What a new comms lead takes over; None where nothing is owed any more."""
    incident = scene.book.incidents.get(key)
    owed = [promise for promise in scene.book.promises.of(key) if promise.is_owed]
    lead = incident.holder(Role.COMMS_LEAD)
    if lead is None or not owed:
        return None
    waiting = draft.open_draft(scene, key)
    return handover_card(
        incident=incident,
        plan=scene.plan,
        to=lead,
        owed=sorted(owed, key=lambda promise: promise.due_at),
        last=last_approved(scene, key),
        draft=waiting.number if waiting else None,
        incident_url=scene.house.incident_url(key),
    )


def changed(scene: Scene, key: str) -> Card | None:
    """Who should hear now of what has changed; None where everybody knows."""
    incident = scene.book.incidents.get(key)
    behind = unaware(scene, incident)
    if not behind:
        return None
    waiting = draft.open_draft(scene, key)
    return changed_card(
        incident=incident,
        plan=scene.plan,
        unaware=behind,
        to=reminded(scene, step_of((), Phase.NUDGE.value), incident),
        draft=waiting.number if waiting else None,
        incident_url=scene.house.incident_url(key),
    )


def settled_change(scene: Scene, key: str) -> Card:
    """What takes the place of that request: who has still not heard, or that all have."""
    return changed(scene, key) or current_card(
        incident=scene.book.incidents.get(key), incident_url=scene.house.incident_url(key)
    )


def regulators(scene: Scene, key: str) -> Card:
    """The clocks that the plan names, in this incident."""
    return regulators_card(
        incident=scene.book.incidents.get(key),
        plan=scene.plan,
        countdowns=scene.book.countdowns.of(key),
        now=scene.now,
    )


def filing(scene: Scene, key: str, regime: str) -> Card:
    """A regulator's form, filled from the record."""
    return form_card(
        incident=scene.book.incidents.get(key),
        countdown=countdowns.get(scene, key, regime),
        form=countdowns.form(scene, key, regime),
    )


def countdown(scene: Scene, countdown_id: int) -> Card:
    """One clock in its present state."""
    found = scene.book.countdowns.get(countdown_id)
    return countdown_card(
        incident=scene.book.incidents.get(found.incident),
        countdown=found,
        plan=scene.plan,
        now=scene.now,
        incident_url=scene.house.incident_url(found.incident),
    )


def deadline(scene: Scene, countdown_id: int, stage: str) -> Card | None:
    """The reminder of a stage, to whoever files; None where it was filed meanwhile."""
    found = scene.book.countdowns.get(countdown_id)
    left = [one for one in found.left if one.name == stage]
    if not left:
        return None
    incident = scene.book.incidents.get(found.incident)
    files = next(iter(scene.plan.approvers.get(Role.LEGAL, ())), None)
    return deadline_card(
        incident=incident,
        countdown=found,
        stage=left[0],
        plan=scene.plan,
        to=files or incident.holder(Role.INCIDENT_COMMANDER),
        now=scene.now,
        incident_url=scene.house.incident_url(found.incident),
    )


def broken_glass(scene: Scene, key: str, number: int) -> Card | None:
    """Who sent an update without the approvals it needs, and why; None where nobody did."""
    sent = scene.book.updates.get(key, number)
    broken = [approval for approval in sent.approvals if approval.break_glass]
    if not broken:
        return None
    return broken_glass_card(
        incident=scene.book.incidents.get(key),
        update=sent,
        approval=broken[-1],
        plan=scene.plan,
        incident_url=scene.house.incident_url(key),
    )


def outage(scene: Scene, key: str, what: Outage, ended_at: datetime | None) -> Card:
    """A channel that is out, or was."""
    return outage_card(
        incident=scene.book.incidents.get(key),
        outage=what,
        ended_at=ended_at,
        plan=scene.plan,
        incident_url=scene.house.incident_url(key),
    )


def checklist(scene: Scene, key: str, role: Role, *, moved: bool = False) -> Card:
    """The checklist of a role; `moved` where it is shown anew further down."""
    return checklist_card(
        incident=scene.book.incidents.get(key),
        checklist=checklists.checklist(scene, key, role),
        plan=scene.plan,
        moved=moved,
    )


def headline(scene: Scene, key: str) -> str:
    """The incident in one line, for a notification."""
    incident = scene.book.incidents.get(key)
    return f"{key} {incident.severity}: {incident.title}"


def _reach(scene: Scene, sent: Update) -> Reach:
    totals = scene.book.fanouts.totals(sent.incident, sent.number)
    rates = scene.book.paces.rates()

    def limits(audience: str, channel: ChannelName) -> tuple[Limit, ...]:
        return learned(scene.house.limits(audience, channel), rates)

    return reach_of(
        sent.number,
        totals,
        scene.plan,
        limits=limits,
        seen=seen_by(scene, sent, named=SHOWN),
        held=scene.book.holds.waiting(sent.incident, sent.number),
    )
