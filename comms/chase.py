"""The ledger as whoever waits for acknowledgements sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from comms.delivery import DeliveryState
from comms.ledger import Fanout, Line
from comms.plan.model import ChannelName


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How many people of an audience have acknowledged an update.

    Where they are asked to, `told` is to how many it goes one by one, and `silent` are some of
    those who have not, by their names.
    """

    acknowledged: int
    told: int = 0
    silent: tuple[str, ...] = ()


UNSEEN = Seen(acknowledged=0)


class Chases(Protocol):
    """Who was told, and has not said that they have seen it."""

    def fanout(self, number: int) -> Fanout | None:
        """A fan-out by its number."""
        ...

    def silent(self, fanout: Fanout) -> Sequence[Line]:
        """Whom a fan-out has told, or tried to, who have not acknowledged its update by any
        channel."""
        ...

    def mark(self, incident: str, number: int, *, address: str, now: datetime) -> None:
        """What this person got of an update in a chat is acknowledged, unless it was before."""
        ...

    def hand_over(self, fanout: Fanout, lines: Sequence[Line], *, now: datetime) -> int:
        """Send to these people by this fan-out, too; return how many it was not for before.

        Who was left to another channel is taken up; whoever it has a row for besides is not told
        again.
        """
        ...

    def pass_on(
        self,
        incident: str,
        number: int,
        *,
        audience: str,
        channel: ChannelName,
        states: Collection[DeliveryState],
        now: datetime,
    ) -> int:
        """Plan for those whose delivery of an update by a channel is in one of these states what
        was left to another channel of theirs, and supersede the delivery; return how many."""
        ...

    def seen(
        self, incident: str, number: int, *, asked: Sequence[str], named: int
    ) -> Mapping[str, Seen]:
        """Who has acknowledged an update, by audience; the audiences `asked` are always there,
        and so many of those who have not are named."""
        ...
