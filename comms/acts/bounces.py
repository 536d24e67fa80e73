"""Bounces: what came back of an update's mail, and what follows for the ledger and for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from comms.acts.show import show_reach
from comms.channels.mail.returned import Returned, Verdict, says_no_such_address
from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.desk import Scene
from comms.errors import NotFound
from comms.ledger import key_of
from comms.plan.model import ChannelName
from comms.recipient import checked_address
from comms.suppression import Suppression, struck, suppressed
from comms.timeline import Deed

LATEST = timedelta(days=30)
"""So long after its approval a service may report on an update by the relay's receipt."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What came of some reports: `matched` belong to a delivery, `strangers` to none of ours.

    `repeated` were known already. `suppressed` are addresses to which nothing is sent any more.
    """

    matched: int = 0
    strangers: int = 0
    repeated: int = 0
    suppressed: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(
            matched=self.matched + other.matched,
            strangers=self.strangers + other.strangers,
            repeated=self.repeated + other.repeated,
            suppressed=self.suppressed + other.suppressed,
        )


def take_back(scene: Scene, returned: Sequence[Returned]) -> Taken:
    """Take what came back: into the ledger, and onto the suppression list.

    1. Whose is it: by a postmark of ours, or by the receipt of a service that is authenticated.
    2. Was it taken before: a report counts once, by whatever way it comes.
    3. The delivery: what failed was not reached after all; what was unknown may have arrived.
    4. The address: hard bounces and complaints suppress it, soft ones count, an arrival clears it.
    """
    taken = Taken()
    moved: set[tuple[str, int]] = set()
    for one in returned:
        row = _whose(scene, one)
        if row is None:
            taken += Taken(strangers=1)
        elif not scene.book.sightings.first(f"returned:{one.id}", now=scene.now):
            taken += Taken(repeated=1)
        else:
            changed = _amend(scene, one, row)
            if changed and row.update:  # a bulletin has no card that shows its reach
                moved.add((row.incident, row.update))
            stopped = _judge(scene, one, row.address, counts=changed)
            taken += Taken(matched=1, suppressed=int(stopped))
    for incident, number in sorted(moved):
        show_reach(scene, incident, number)
    return taken


def strike_off(scene: Scene, deliveries: Sequence[int]) -> int:
    """Send no more mail to those of these whom a server has refused because nobody is there.

    Return how many addresses that stops mail to. Their deliveries are rejected already.
    """
    stopped = 0
    for number in deliveries:
        row = scene.book.hindsight.delivery(number)
        if row is None or row.channel is not ChannelName.MAIL:
            continue
        if row.state is DeliveryState.REJECTED and says_no_such_address(row.detail):
            told = Returned(id="", verdict=Verdict.HARD, detail=row.detail)
            stopped += _judge(scene, told, row.address, counts=False)
    return stopped


def lift(scene: Scene, address: str) -> Suppression:
    """Let mail go to an address again; NotFound where it goes there anyway."""
    known = scene.book.suppressions.get(checked_address(address))
    if known is None or not known.holds(scene.now):
        raise NotFound(f"{address[:80]} is not on the suppression list.")
    scene.book.suppressions.forget(known.address)
    _record(scene, "suppression.lifted", known)
    return known


def cleared(scene: Scene, address: str) -> None:
    """Mail has arrived there: the soft bounces before it count no more."""
    known = scene.book.suppressions.get(address)
    if known is not None and known.reason in {None, Reason.BOUNCING}:
        scene.book.suppressions.forget(address)


def _whose(scene: Scene, one: Returned) -> LedgerRow | None:
    for mark in one.marks:
        row = scene.book.hindsight.delivery(mark.delivery)
        if row is None or row.channel is not ChannelName.MAIL:
            continue
        if scene.house.postmarks.is_ours(mark, key=key_of(row, row.address)):
            return row
    if one.receipt and one.recipient:
        since = scene.now - LATEST
        return scene.book.hindsight.handed_over(one.recipient, one.receipt, since=since)
    return None


def _amend(scene: Scene, one: Returned, row: LedgerRow) -> bool:
    amend = partial(scene.book.hindsight.amend, row.id, detail=one.detail, now=scene.now)
    match one.verdict:
        case Verdict.HARD | Verdict.SOFT:
            was = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN)
            return amend(DeliveryState.REJECTED, was=was, reason=Reason.BOUNCED)
        case Verdict.DELIVERED:
            return amend(DeliveryState.ACCEPTED, was=(DeliveryState.UNKNOWN,), reason=None)
        case _:
            return False


def _judge(scene: Scene, one: Returned, address: str, *, counts: bool) -> bool:
    """Say what follows for the address; True where nothing is sent to it from now on.

    A soft bounce counts where it changed the ledger: several reports on one delivery are one.
    """
    before = scene.book.suppressions.get(address)
    evidence, now, rule = one.detail, scene.now, scene.plan.soft_bounces
    match one.verdict:
        case Verdict.HARD:
            after = suppressed(before, address, reason=Reason.BOUNCED, evidence=evidence, now=now)
        case Verdict.COMPLAINT:
            after = suppressed(
                before, address, reason=Reason.COMPLAINED, evidence=evidence, now=now
            )
        case Verdict.SOFT if counts:
            after = struck(before, address, evidence=evidence, rule=rule, now=now)
        case Verdict.DELIVERED:
            cleared(scene, address)
            return False
        case _:
            return False
    if after == before:
        return False
    scene.book.suppressions.save(after)
    if not after.holds(now):
        return False
    _record(scene, "suppression.added", after)
    return True


def _record(scene: Scene, action: str, what: Suppression) -> None:
    scene.book.audit.add(
        Deed(
            at=scene.now,
            by=scene.by,
            via=scene.via,
            action=action,
            subject=f"address:{what.address}",
            detail={"reason": what.reason.value if what.reason else "", "evidence": what.evidence},
        )
    )
