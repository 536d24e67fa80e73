"""An outage: a channel by which nothing gets through at the moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from comms.plan.model import ChannelName


@dataclass(frozen=True, kw_only=True)
class Outage:
    """`why` is what the channel's other side said, or that it said nothing.

    `incidents` have been told of it: they will be told of its end.
    """

    channel: ChannelName
    since: datetime
    why: str
    incidents: tuple[str, ...] = ()


class Outages(Protocol):
    """Which channels are out, as everybody on this database knows it."""

    def of(self, channel: ChannelName) -> Outage | None:
        """The outage that the channel has now."""
        ...

    def save(self, outage: Outage) -> None:
        """Keep it, in place of what was known of its channel."""
        ...

    def end(self, channel: ChannelName) -> None:
        """The channel works again."""
        ...
