"""The letters of one sender: each statement's are made once, and filled for each recipient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from comms.channels.mail.address import Mailbox
from comms.channels.mail.message import Letter, Mailing, MarkOf
from comms.channels.mail.thread import digest
from comms.clock import Clock
from comms.delivery import Delivery
from comms.statement import Statement

Links = Callable[[Delivery], Mapping[str, str]]
"""The recipient's own URLs, by the names in `placeholders`."""

KEPT = 64
"""How many statements are kept in the form in which they are filled."""


class Letters:
    """What one transport sends. `mark` tells one delivery's letter from all others.

    `home` is the domain of Message-IDs ('': the sender's): where several transports send, a letter
    is the same letter by each of them.
    """

    def __init__(
        self, sender: Mailbox, *, links: Links, clock: Clock, mark: MarkOf = digest, home: str = ""
    ) -> None:
        self.links = links
        self._make = partial(Letter, sender=sender, mark=mark, home=home)
        self._clock = clock
        self._mailings: dict[tuple[str, ...], Mailing] = {}

    def filled(self, statement: Statement, delivery: Delivery) -> bytes:
        """Return the message of this delivery. Invalid for what a message must not carry."""
        letter = self.mailing(statement).letter(delivery.language)
        return letter.filled(delivery, self.links(delivery))

    def mailing(self, statement: Statement) -> Mailing:
        """Return the statement's letters, in each of its languages."""
        # Equal text gives equal letters, also where the ledger hands out a new object per batch.
        texts = (statement.subject, *statement.parts.values())
        for version in statement.versions.values():
            texts += (version.subject, *version.parts.values())
        key = (statement.thread, str(statement.update), *texts)
        mailing = self._mailings.get(key)
        if mailing is None:
            mailing = Mailing(statement, partial(self._make, at=self._clock.now()))
            if len(self._mailings) >= KEPT:
                del self._mailings[next(iter(self._mailings))]
            self._mailings[key] = mailing
        return mailing
