"""What a relay lets through: a sender's mailbox has one limit, whatever is sent from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from comms.channels.mail.address import Mailbox
from comms.ledger import Fanout
from comms.throttle import Limit


def limits(sender: Mailbox, rate: float) -> Callable[[Fanout], Sequence[Limit]]:
    """Return the limit of mail, `rate` messages a second for all who send as `sender`."""
    only = (Limit(key=f"mail:{sender.address.casefold()}", rate=rate),)
    return lambda _fanout: only
