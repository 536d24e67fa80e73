"""What cards show that is no noun of the engine by itself: small views of the book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from comms.delivery import DeliveryState
from comms.people import Person, Role


@dataclass(frozen=True, kw_only=True)
class Promise:
    """The next update that one audience (by its label) was promised, in UTC."""

    audience: str
    due_at: datetime
    overdue: bool = False


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A need in the war room: open, taken by somebody, or met."""

    id: int
    text: str
    owner: str = ""
    by: datetime | None = None
    taken_by: Person | None = None
    met: bool = False


@dataclass(frozen=True, kw_only=True)
class AudienceReach:
    """How far an update got with one audience (by its label); `eta` while it is under way."""

    audience: str
    states: Mapping[DeliveryState, int]
    eta: timedelta | None = None

    def count(self, *states: DeliveryState) -> int:
        """How many deliveries are in one of these states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        """Everybody who is to be reached: suppressed and cancelled ones are not."""
        left_out = {DeliveryState.SUPPRESSED, DeliveryState.CANCELLED}
        return sum(count for state, count in self.states.items() if state not in left_out)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far one update got."""

    number: int
    audiences: tuple[AudienceReach, ...]

    def count(self, *states: DeliveryState) -> int:
        """How many deliveries of all audiences are in one of these states."""
        return sum(audience.count(*states) for audience in self.audiences)

    @property
    def total(self) -> int:
        """Everybody who is to be reached."""
        return sum(audience.total for audience in self.audiences)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What lint says of a draft; a blocking one must be mended before it can be approved."""

    message: str
    blocks: bool = False


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What one audience would read, as text, and how many would.

    `channels` as people read them ('mail', 'status page'). `awaits` are the roles whose approval
    is still missing. `suppressed` counts those deliberately left out.
    """

    audience: str
    channels: tuple[str, ...]
    text: str
    recipients: int
    suppressed: int = 0
    eta: timedelta | None = None
    findings: tuple[Finding, ...] = ()
    awaits: tuple[Role, ...] = field(default=())
