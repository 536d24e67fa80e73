"""What cards show that is no noun of the engine by itself: a small view of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from comms.chase import UNSEEN, Seen
from comms.delivery import DeliveryState
from comms.hold import Held
from comms.ledger import Totals
from comms.moment import moment
from comms.plan.model import ChannelName, Plan
from comms.throttle import Limit, seconds

LEFT_OUT = frozenset({DeliveryState.SUPPRESSED, DeliveryState.CANCELLED})
UNDER_WAY = frozenset({DeliveryState.PLANNED, DeliveryState.SENDING})
FAILED = frozenset({DeliveryState.REJECTED, DeliveryState.UNKNOWN})
"""What a retry sends again."""


@dataclass(frozen=True, kw_only=True)
class AudienceReach:
    """How far an update got with one audience (by its label); `eta` while it is under way.

    `holds_unknown`: what is unknown waits for a person. `seen`: who has acknowledged it. `held` of
    what is planned waits for the end of quiet hours, the first from the time `held_from` on.
    """

    audience: str
    states: Totals
    eta: timedelta | None = None
    holds_unknown: bool = False
    seen: Seen = UNSEEN
    held: int = 0
    held_from: str = ""

    def count(self, states: frozenset[DeliveryState]) -> int:
        """How many deliveries are in one of these states; what is held is in none."""
        held = self.held if DeliveryState.PLANNED in states else 0
        return sum(self.states.get(state, 0) for state in states) - held

    @property
    def total(self) -> int:
        """Everybody who is to be reached."""
        return sum(count for state, count in self.states.items() if state not in LEFT_OUT)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far one update got."""

    number: int
    audiences: tuple[AudienceReach, ...]

    def count(self, states: frozenset[DeliveryState]) -> int:
        """How many deliveries of all audiences are in one of these states."""
        return sum(audience.count(states) for audience in self.audiences)

    @property
    def total(self) -> int:
        """Everybody who is to be reached."""
        return sum(audience.total for audience in self.audiences)


def reach_of(
    number: int,
    totals: Mapping[tuple[str, ChannelName], Totals],
    plan: Plan,
    *,
    limits: Callable[[str, ChannelName], Sequence[Limit]] = lambda _audience, _channel: (),
    seen: Mapping[str, Seen] = {},
    held: Mapping[str, Held] = {},
) -> Reach:
    """Return the ledger's totals of an update by audience, in the plan's order.

    `limits` are those by which a channel reaches an audience, for what is under way; `seen` is who
    has acknowledged it, `held` what waits for the end of quiet hours, by audience.
    """
    by_audience: dict[str, dict[DeliveryState, int]] = {}
    left: dict[str, float] = {}
    for (name, channel), states in totals.items():
        counted = by_audience.setdefault(name, {})
        for state, count in states.items():
            counted[state] = counted.get(state, 0) + count
        waiting = sum(states.get(state, 0) for state in UNDER_WAY)
        if name in held and channel.is_personal:
            waiting = max(waiting - held[name].deliveries, 0)
        left[name] = max(left.get(name, 0.0), seconds(limits(name, channel), waiting))
    known = [name for name in plan.audiences if name in by_audience]
    return Reach(
        number=number,
        audiences=tuple(
            AudienceReach(
                audience=plan.audiences[name].label,
                states=by_audience[name],
                eta=timedelta(seconds=left[name]) if left[name] else None,
                holds_unknown=plan.holds_unknown(name),
                seen=seen.get(name, UNSEEN),
                held=held[name].deliveries if name in held else 0,
                held_from=moment(held[name].until, plan.time_zone).clock if name in held else "",
            )
            for name in known
        ),
    )
