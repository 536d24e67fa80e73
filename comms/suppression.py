"""The suppression list: addresses to which no mail goes, and what came back from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from comms.delivery import Reason
from comms.plan.model import SoftBounces

EVIDENCE = 300
"""Characters that are kept of what came back."""


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """What came back from an address (casefolded), and whether mail still goes to it.

    `reason` None: it does, and its soft bounces are counted. `until` None: it does not until a
    person lifts that. `evidence` is what was said of it last, short. `strikes` are the soft bounces
    since `strikes_since`. All times are UTC.
    """

    address: str
    reason: Reason | None
    since: datetime
    until: datetime | None = None
    evidence: str = ""
    strikes: int = 0
    strikes_since: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """True while nothing is sent to it."""
        return self.reason is not None and (self.until is None or self.until > now)


class Suppressions(Protocol):
    """Where the list is kept."""

    def among(self, addresses: Sequence[str], *, now: datetime) -> Mapping[str, Reason]:
        """Those of these addresses (casefolded) to which nothing is sent now, and why."""
        ...

    def get(self, address: str) -> Suppression | None:
        """What is known of an address; None: nothing has come back from it."""
        ...

    def save(self, suppression: Suppression) -> None:
        """Keep it, in place of what was known of its address."""
        ...

    def forget(self, address: str) -> bool:
        """Know nothing more of an address; False where nothing was known."""
        ...

    def held(self, *, after: str, limit: int, now: datetime) -> tuple[Suppression, ...]:
        """Addresses to which nothing is sent now, by their order, from the one behind `after`."""
        ...


def suppressed(
    before: Suppression | None, address: str, *, reason: Reason, evidence: str, now: datetime
) -> Suppression:
    """Return the address as suppressed until a person lifts it. The first such reason is kept."""
    if before is not None and before.holds(now) and before.until is None:
        return before
    return Suppression(
        address=address.casefold(), reason=reason, since=now, evidence=evidence[:EVIDENCE]
    )


def struck(
    before: Suppression | None, address: str, *, evidence: str, rule: SoftBounces, now: datetime
) -> Suppression:
    """Return the address after one more soft bounce: counted, or suppressed for a time."""
    if before is not None and before.holds(now):
        return before
    begun = before.strikes_since if before else None
    goes_on = begun is not None and now - begun < rule.within
    counted = Suppression(
        address=address.casefold(),
        reason=None,
        since=now,
        evidence=evidence[:EVIDENCE],
        strikes=before.strikes + 1 if before and goes_on else 1,
        strikes_since=begun if goes_on else now,
    )
    if counted.strikes < rule.count:
        return counted
    return replace(counted, reason=Reason.BOUNCING, until=now + rule.pause)
