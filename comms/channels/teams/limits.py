"""What Teams lets a bot post (learn.microsoft.com: bots/how-to/rate-limit)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from comms.ledger import Fanout
from comms.throttle import Limit

TENANT_RATE = 30.0
"""Messages a second of one app in one tenant."""

THREAD_RATE = 1.8
THREAD_BURST = 3
"""Four at once and 1.8 a second keep 7 in one second, 8 in two and 60 in thirty."""


def thread(tenant: str, incident: str) -> Limit:
    """Return the limit of an incident's war room."""
    return Limit(key=f"teams:{tenant}:{incident}", rate=THREAD_RATE, burst=THREAD_BURST)


Limits = Callable[[Fanout], Sequence[Limit]]


def limits(tenant: str) -> Limits:
    """Return the limits of a post to an incident's war room: its tenant's, then its thread's."""
    in_all = _in_all(tenant)

    def of(fanout: Fanout) -> Sequence[Limit]:
        return (in_all, thread(tenant, fanout.incident))

    return of


def of_chats(tenant: str) -> Limits:
    """Return the limits of messages to people's own chats: each thread gets one."""
    in_all = _in_all(tenant)
    return lambda _fanout: (in_all,)


def _in_all(tenant: str) -> Limit:
    return Limit(key=f"teams:{tenant}", rate=TENANT_RATE)
