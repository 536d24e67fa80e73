"""The throttle: how fast a key (a channel, a thread, a mailbox) may be sent to, by all workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What holds for one key. `rate` is in messages a second; 0: as fast as they are taken.

    `burst` is how many permits may be saved up while nothing is sent; without it, a tenth of a
    second's worth, so that a worker that wakes late loses nothing. A quota only counts: its burst
    may leave at once, and what the other side refuses does not change it.
    """

    key: str
    rate: float = 0.0
    burst: int = 0
    is_quota: bool = False


def seconds(limits: Iterable[Limit], messages: int) -> float:
    """How long so many messages take at the least, from a standing start."""
    each = (max(messages - limit.burst, 0) / limit.rate for limit in limits if limit.rate)
    return max(each, default=0.0)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the other side said to sends that began at `began` (UTC), since it was last told.

    `refused` counts those that it wanted later or slower; `retry_after` is its own wish.
    """

    began: datetime
    accepted: int = 0
    refused: int = 0
    retry_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """`permits` to send from `start` on, spread at `rate` (messages a second; 0: at will).

    Without permits, `start` is when to ask again.
    """

    permits: int
    start: datetime
    rate: float


def learned(limits: Iterable[Limit], rates: Mapping[str, float]) -> tuple[Limit, ...]:
    """Return limits with the rates that were learned (by their keys), where none is known or a
    higher one: so many are really taken."""
    return tuple(
        replace(limit, rate=min(filter(None, (limit.rate, rates.get(limit.key, 0.0))), default=0.0))
        for limit in limits
    )


class Paces(Protocol):
    """What the throttle has learned, as an act sees it."""

    def rates(self) -> Mapping[str, float]:
        """At how many messages a second those keys are held that have refused some.

        Whole channels and transports; neither single threads nor quotas.
        """
        ...


class Throttle(Protocol):
    """Where paces are kept: one row a key, shared by every worker."""

    async def turn(
        self, limit: Limit, told: Told | None, *, want: int, priority: int, now: datetime
    ) -> Grant:
        """Hear what became of the last sends and grant up to `want` permits, in one transaction.

        A smaller `priority` goes first: while it asks, the others are told to stand back.
        """
        ...


class Unthrottled:
    """For a channel that knows no limits."""

    async def turn(
        self, limit: Limit, told: Told | None, *, want: int, priority: int, now: datetime
    ) -> Grant:
        """Grant all that is wanted, at will."""
        return Grant(permits=want, start=now, rate=0.0)
