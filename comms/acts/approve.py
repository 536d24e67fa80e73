"""Approve exactly what was seen; the last approval that is needed sends it on its way."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace

from comms import planning, text
from comms.acts.asks import raise_asks
from comms.acts.chasing import await_answers
from comms.acts.deliveries import cancel
from comms.acts.draft import preview
from comms.acts.kind import last_approved
from comms.acts.promises import answer, tighten
from comms.acts.show import show_broken_glass, show_update
from comms.acts.unaware import told
from comms.acts.waiting import stop_waiting
from comms.approval import missing, needed, rights
from comms.delivery import DeliveryState
from comms.desk import Scene
from comms.errors import Conflict, Forbidden, StaleDraft
from comms.estimate import estimates
from comms.incident import Incident, move
from comms.lint import Finding
from comms.people import Person, Role
from comms.update import Approval, Update, UpdateState


@dataclass(frozen=True, kw_only=True)
class Approved:
    """The update after an approval, and the roles that still have to approve."""

    update: Update
    needed: tuple[Role, ...]


def approve(
    scene: Scene,
    key: str,
    number: int,
    *,
    hash: str,  # noqa: A002 (the product's word)
    approver: Person | None = None,
    roles: frozenset[Role] | None = None,
    break_glass: str = "",
    override: str = "",
) -> Approved:
    """Record the approver's yes; once all roles have approved, plan the deliveries.

    1. The hash must be that of the draft as it is now: StaleDraft otherwise.
    2. Lint must not block, unless `override` (a reason) is given by somebody whom the plan lets
       override it: Conflict or Forbidden otherwise. It holds for the approvals after it.
    3. The approver must hold a role that is still needed: Forbidden otherwise. `break_glass`
       (a reason) overrides this, and is told to everybody in the war room.
    4. With the last yes, the ledger's rows, the promises and the incident's status are written
       in this same transaction; sending begins after it.

    The same yes twice changes nothing. `roles` is given by a trusted caller that acts for a role.
    """
    by = approver or scene.by
    incident = scene.book.incidents.get(key)
    update = scene.book.updates.get(key, number)
    _same_text(update, hash)
    again = _said(update, by) and not break_glass and not override
    if update.state is UpdateState.APPROVED or again:
        return _result(scene, update)
    held = rights(by, incident, scene.plan) if roles is None else roles
    overridden = _overridden(scene, update, by=by, held=held, reason=override)
    approval = _approval(
        scene,
        incident,
        update,
        by=by,
        held=held,
        break_glass=break_glass,
        override=override if overridden else "",
    )
    _tell_overridden(scene, update, approval, overridden)
    update = replace(update, state=UpdateState.AWAITING, approvals=(*update.approvals, approval))
    _tell(scene, update, approval)
    if not _result(scene, update).needed:
        update = _send(scene, incident, update)
    scene.book.updates.save(update)
    show_update(scene, update)
    return _result(scene, update)


def _same_text(update: Update, seen: str) -> None:
    if not hmac.compare_digest(update.hash.encode(), seen.encode()):
        raise StaleDraft(
            f"Update {update.number} of {update.incident} is not what you saw any more."
            " Look at it again and approve what it says now.",
            pointer="/hash",
        )


def _said(update: Update, by: Person) -> bool:
    return any(approval.by.is_same(by) for approval in update.approvals)


def _overridden(
    scene: Scene, update: Update, *, by: Person, held: frozenset[Role], reason: str
) -> tuple[Finding, ...]:
    """Return the blocking findings that this approval overrides; none where nothing blocks now."""
    found = preview(scene, update.incident, update.number).blocks
    if not found:
        return ()
    reasons = " ".join(dict.fromkeys(finding.message for finding in found))
    firm = next((finding for finding in found if not finding.can_override), None)
    if firm or not reason.strip():
        way = "" if firm else " Somebody whom the plan names may override it with a reason."
        pointer = (firm or found[0]).pointer
        raise Conflict(f"This cannot be sent: {reasons}{way}", pointer=pointer)
    for name in dict.fromkeys(finding.audience for finding in found):
        may = scene.plan.look_up(name).lint_override
        if held.isdisjoint(may):
            roles = " or ".join(role.label for role in may)
            raise Forbidden(
                f"{by.name} cannot override this: {reasons} It takes the {roles}.",
                pointer="/override",
            )
    return found


def _approval(
    scene: Scene,
    incident: Incident,
    update: Update,
    *,
    by: Person,
    held: frozenset[Role],
    break_glass: str,
    override: str,
) -> Approval:
    wanted = needed(update, incident, scene.plan)
    reason = text.line(break_glass, pointer="/break_glass")
    before = missing(wanted, update.approvals, four_eyes=scene.plan.four_eyes)
    stands_in = held.isdisjoint(before) and any(by.is_same(one) for one in update.asked)
    approval = Approval(
        by=by,
        roles=frozenset(before) if stands_in else held & frozenset(wanted),
        stands_in=stands_in,
        hash=update.hash,
        at=scene.now,
        break_glass=reason,
        override=text.line(override, pointer="/override"),
    )
    after = missing(wanted, (*update.approvals, approval), four_eyes=scene.plan.four_eyes)
    # Whoever overrides a block need not be one of those whose yes is needed.
    if wanted and len(after) == len(before) and not override:
        still = " and ".join(role.label for role in before)
        raise Forbidden(
            f"{by.name} cannot approve this: it needs the {still}."
            " Take the role, ask its holder, or break the glass with a reason.",
            pointer="/approver",
        )
    plain = replace(approval, break_glass="")
    if reason and not missing(wanted, (*update.approvals, plain), four_eyes=scene.plan.four_eyes):
        return plain  # the glass stays whole where it need not be broken
    return approval


def _tell_overridden(
    scene: Scene, update: Update, approval: Approval, overridden: tuple[Finding, ...]
) -> None:
    if overridden:
        codes = ", ".join(dict.fromkeys(finding.code for finding in overridden))
        scene.tell(
            update.incident,
            "update.lint_overridden",
            f"{approval.by.name} overrode what blocked update {update.number} ({codes}):"
            f" {approval.override}",
            update=update.number,
            hash=update.hash[:12],
            approver=approval.by.name,
            rules=codes,
        )


def _tell(scene: Scene, update: Update, approval: Approval) -> None:
    facts: dict[str, str | int] = {
        "update": update.number,
        "hash": update.hash[:12],
        "approver": approval.by.name,
    }
    if approval.break_glass:
        scene.tell(
            update.incident,
            "update.break_glass",
            f"{approval.by.name} broke the glass to approve update {update.number}:"
            f" {approval.break_glass}",
            **facts,
        )
        show_broken_glass(scene, update)
        return
    scene.tell(
        update.incident,
        "update.approved",
        f"{approval.by.name} approved update {update.number}{_as_whom(approval)}",
        **facts,
    )


def _as_whom(approval: Approval) -> str:
    roles = " and ".join(sorted(role.label for role in approval.roles))
    if approval.stands_in:
        return f", asked in place of the {roles}"
    return f" as {roles}" if roles else ""


def _send(scene: Scene, incident: Incident, update: Update) -> Update:
    """Plan, promise, move: all of it in the transaction of the approval."""
    sent = replace(update, state=UpdateState.APPROVED, approved_at=scene.now)
    before = last_approved(scene, incident.key)
    moved = move(incident, update.status, now=scene.now)
    if moved != incident:
        scene.book.incidents.save(moved)
        scene.tell(incident.key, "incident.status", f"{incident.key} is now {moved.status}")
    scene.book.updates.save(sent)
    if sent.corrects is not None:
        cancel(scene, incident.key, sent.corrects)
    fanouts = planning.open_fanouts(scene, moved, sent)
    stop_waiting(scene, sent)
    planning.begin(scene, fanouts)
    await_answers(scene, sent, fanouts)
    planned = _on_its_way(scene, moved, sent)
    answer(scene, sent)
    if moved.status is not incident.status and moved.status.is_open and incident.status.is_open:
        tighten(scene, moved)
    raise_asks(scene, sent)
    told(scene, incident, before)
    scene.tell(
        incident.key,
        "update.planned",
        f"Update {sent.number} is on its way to {planned} recipients",
        update=sent.number,
        recipients=planned,
    )
    return sent


def _on_its_way(scene: Scene, incident: Incident, sent: Update) -> int:
    """How many are being reached: the ledger's rows, or the estimate while they are written."""
    if planning.is_planning(scene):
        audiences = scene.plan_for(incident).among(sent.audiences)
        return sum(one.recipients for one in estimates(scene, sent, audiences).values())
    totals = scene.book.fanouts.totals(sent.incident, sent.number)
    return sum(states[DeliveryState.PLANNED] for states in totals.values())


def _result(scene: Scene, update: Update) -> Approved:
    if update.state is UpdateState.APPROVED:
        return Approved(update=update, needed=())
    roles = needed(update, scene.book.incidents.get(update.incident), scene.plan)
    return Approved(
        update=update,
        needed=missing(roles, update.approvals, four_eyes=scene.plan.four_eyes),
    )


def discard(scene: Scene, key: str, number: int) -> Update:
    """Throw an open draft away; its number is used by the next one."""
    update = scene.book.updates.get(key, number)
    if not update.state.is_open:
        raise Conflict(f"Update {number} was sent; it can be corrected, not discarded.")
    gone = scene.book.updates.save(replace(update, state=UpdateState.DISCARDED))
    stop_waiting(scene, gone)
    scene.tell(
        key,
        "update.discarded",
        f"{scene.by.name} discarded the draft of update {number}",
        update=number,
    )
    show_update(scene, gone)
    return gone
