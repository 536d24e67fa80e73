"""Ways: by which channel each of some people is told, and why not by another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from comms.delivery import Reason
from comms.desk import Scene
from comms.plan.model import Audience, ChannelName
from comms.recipient import Listed


class PageOfWays:
    """How the people of one page can be reached, looked up once."""

    def __init__(
        self, scene: Scene, people: Sequence[Listed], *, audiences: Collection[Audience]
    ) -> None:
        addresses = [person.email.casefold() for person in people]
        has_chats = any(ChannelName.CHAT in audience.ways for audience in audiences)
        self._chats = scene.book.chats.among(addresses) if has_chats else frozenset()
        self.held: Mapping[str, Reason] = scene.book.suppressions.among(addresses, now=scene.now)
        """The addresses (casefolded) from which mail comes back, and why none goes there."""

    def closed(self, channel: ChannelName, address: str) -> Reason | None:
        """Why this channel does not reach an address (casefolded); None: it does."""
        if channel is ChannelName.CHAT:
            return None if address in self._chats else Reason.NO_ADDRESS
        return self.held.get(address)

    def first(self, audience: Audience, address: str, wanted: str = "") -> ChannelName | None:
        """By which channel an audience tells somebody: the first that reaches them, if any."""
        order = audience.order(wanted)
        return next((way for way in order if self.closed(way, address) is None), None)

    def tells(self, audience: Audience, address: str, wanted: str) -> bool:
        """True where an audience has a message for somebody, even if mail to them comes back."""
        order = audience.order(wanted)
        return ChannelName.MAIL in order or self.first(audience, address, wanted) is not None

    def is_plain(self, audience: Audience, channel: ChannelName, address: str) -> bool:
        """True for whoever is told by this channel and has nothing to say about it."""
        if len(audience.order()) < 2 and channel is ChannelName.MAIL:
            return address not in self.held
        return self.first(audience, address) is channel

    def why_not(
        self, audience: Audience, channel: ChannelName, address: str, wanted: str
    ) -> Reason | None:
        """Why somebody is not told by this channel; None: they are.

        A channel that only stands in for another takes whomever it reaches.
        """
        if reason := self.closed(channel, address):
            return reason
        stands_in = channel not in audience.channels
        if stands_in or self.first(audience, address, wanted) is channel:
            return None
        return Reason.OTHER_CHANNEL
