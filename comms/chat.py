"""A chat: where the app can write to one person in Teams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from comms.room import Place


class Chats(Protocol):
    """Where people's chats with the app are kept; a person is known by a mail address."""

    def keep(self, address: str, place: Place) -> None:
        """This is where the person can be written to now."""
        ...

    def of(self, address: str) -> Place | None:
        """Where the person can be written to; None: nowhere."""
        ...

    def among(self, addresses: Sequence[str]) -> frozenset[str]:
        """Those of these addresses (casefolded) who can be written to."""
        ...

    def count(self, audience: str) -> int:
        """How many people of the audience can be written to."""
        ...
