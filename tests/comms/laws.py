"""What must be true of an incident, whatever anybody does: laws over what is kept of it."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from comms.delivery import DeliveryState, LedgerRow
from comms.desk import House, Scene
from comms.incident import MOVES, OPEN, Incident, Status
from comms.ledger import Filter, Totals
from comms.plan.load import load
from comms.plan.model import ChannelName
from comms.projection import Telling
from comms.promise import Promise, PromiseState
from comms.render import render_all
from comms.statement import Statement, content_hash
from comms.timeline import Deed, Entry
from comms.update import Approval, Update, UpdateState
from tests.house import plain_writers

PLAN = load(None)
HOUSE = House(plan=PLAN, writers=plain_writers())


@dataclass(frozen=True, kw_only=True)
class Kept:
    """All that is kept of one incident at one moment."""

    incident: Incident
    updates: tuple[Update, ...]
    statements: dict[int, tuple[Statement, ...]]
    promises: tuple[Promise, ...]
    totals: dict[int, dict[tuple[str, ChannelName], Totals]]
    rows: tuple[LedgerRow, ...]
    timeline: tuple[Entry, ...]
    audit: tuple[Deed, ...]


def keep(scene: Scene, key: str) -> Kept:
    """Read all that is kept of an incident."""
    updates = scene.book.updates.of(key)
    return Kept(
        incident=scene.book.incidents.get(key),
        updates=updates,
        statements={u.number: scene.book.updates.statements(u) for u in updates},
        promises=scene.book.promises.of(key),
        totals={u.number: dict(scene.book.fanouts.totals(key, u.number)) for u in updates},
        rows=scene.book.fanouts.rows(key, Filter(limit=100_000)),
        timeline=scene.book.timeline.of(key),
        audit=scene.book.audit.of(key),
    )


def moves_are_allowed(before: Kept, after: Kept) -> None:
    was, now = before.incident.status, after.incident.status
    assert now is was or now in MOVES[was]
    if now is not Status.CLOSED:  # a suspicion is closed without ever being resolved
        assert (after.incident.resolved_at is None) == (now in OPEN)


def numbers_have_no_gaps(kept: Kept) -> None:
    assert [update.number for update in kept.updates] == list(range(1, len(kept.updates) + 1))
    assert not any(update.state.is_open for update in kept.updates[:-1])


def an_open_draft_says_what_is_so(kept: Kept) -> None:
    for update in kept.updates[-1:]:
        if update.state.is_open:
            telling = Telling(incident=kept.incident, update=update, plan=PLAN)
            now = render_all(telling, PLAN.among(update.audiences), HOUSE.writers)
            assert content_hash(now) == update.hash


def approvals_are_sound(before: Kept, after: Kept) -> None:
    known = {approval for update in before.updates for approval in update.approvals}
    for update in after.updates:
        assert all(approval.hash == update.hash for approval in update.approvals)
        assert (update.state is UpdateState.DRAFT) <= (not update.approvals)
        for approval in set(update.approvals) - known:
            held = before.incident.roles_of(approval.by)
            asked = any(approval.by.is_same(one) for one in update.asked)
            assert approval.roles <= held or (approval.stands_in and asked)
        if update.state is UpdateState.APPROVED:
            assert content_hash(after.statements[update.number]) == update.hash
            assert agreed(update.audiences, update.approvals)
        if any(approval.break_glass for approval in update.approvals):
            assert any(
                deed.action == "update.break_glass" and deed.detail["update"] == update.number
                for deed in after.audit
            )


def promises_are_as_printed(before: Kept, after: Kept) -> None:
    sent = {u.number for u in before.updates if u.state is UpdateState.APPROVED}
    was = {promise.id for promise in before.promises}
    for update in after.updates:
        if update.state is UpdateState.APPROVED and update.number not in sent:
            made = {
                promise.audience: promise.due_at
                for promise in after.promises
                if promise.id not in was
            }
            assert made == update.promises


def promises_end_once(before: Kept, after: Kept, now: datetime) -> None:
    was = {promise.id: promise for promise in before.promises}
    for promise in after.promises:
        earlier = was.get(promise.id)
        if earlier and earlier.state is not PromiseState.OPEN:
            assert promise.state is earlier.state
        if earlier and not earlier.is_owed:
            assert promise == earlier
        if promise.state is PromiseState.KEPT:
            assert promise.answered_at is not None
            assert promise.answered_at <= promise.due_at
        if promise.state is PromiseState.MISSED:
            end = promise.answered_at or now
            assert end >= promise.due_at
    owed = Counter(promise.audience for promise in after.promises if promise.is_owed)
    assert all(count == 1 for count in owed.values())
    assert set(was) <= {promise.id for promise in after.promises}
    if after.incident.status is Status.CLOSED:
        assert not owed


def totals_are_a_recount(kept: Kept) -> None:
    counted: defaultdict[tuple[int, str, ChannelName], Counter[DeliveryState]]
    counted = defaultdict(Counter)
    for row in kept.rows:
        counted[row.update, row.audience, row.channel][row.state] += 1
    for number, fanouts in kept.totals.items():
        for (audience, channel), totals in fanouts.items():
            assert +Counter(totals) == counted.pop((number, audience, channel), Counter())
    assert not counted
    addressed = Counter(
        (row.update, row.channel, row.address.casefold())
        for row in kept.rows
        if row.channel is ChannelName.MAIL and row.state is not DeliveryState.SUPPRESSED
    )
    assert all(count == 1 for count in addressed.values())


def the_record_only_grows(before: Kept, after: Kept) -> None:
    assert after.timeline[: len(before.timeline)] == before.timeline
    assert after.audit[: len(before.audit)] == before.audit
    assert [e.kind for e in after.timeline] == [d.action for d in after.audit]


def agreed(names: Sequence[str], approvals: Sequence[Approval]) -> bool:
    """Whether each role that these audiences ask for was met by a person of its own."""
    if any(approval.break_glass for approval in approvals):
        return True
    roles = {role for name in names for role in PLAN.audiences[name].approval}
    return any(
        all(role in approval.roles for role, approval in zip(roles, chosen, strict=True))
        for chosen in itertools.permutations(approvals, len(roles))
        if len({approval.by.id for approval in chosen}) == len(roles)
    )
