"""A channel's circuit: open while nothing gets through, and who is told of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from comms.breaker import Breaker, judged
from comms.clock import Clock
from comms.delivery import DeliveryState, Outcome
from comms.patience import patiently
from comms.plan.model import ChannelName

log = structlog.get_logger()


Audiences = frozenset[str] | None
"""Those whom a failure leaves without a way; None: all of the channel."""


async def _nobody_is_told(*_news: object) -> None:
    """What a runner that is alone tells."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Who is told when a channel fails, why and for whom, again as long as it does, and works."""

    failed: Callable[[ChannelName, str, Audiences], Awaitable[None]] = _nobody_is_told
    works: Callable[[ChannelName], Awaitable[None]] = _nobody_is_told


class Circuit:
    """One runner's breaker: lets through what may leave, and listens to what came back."""

    def __init__(self, channel: ChannelName, *, clock: Clock, watch: Watch) -> None:
        self._channel = channel
        self._clock = clock
        self._watch = watch
        self._breaker = Breaker()
        self._is_known_to_work = False
        self._news: Callable[[], Awaitable[None]] | None = None

    @property
    def is_failing(self) -> bool:
        """True where nothing got through the last time: what is sent now is a probe."""
        return self._breaker.failures > 0

    @property
    def is_open(self) -> bool:
        """True where the channel counts as out."""
        return self._breaker.is_open

    @property
    def opens_at(self) -> datetime | None:
        """Until when nothing may be sent; None: it may."""
        return self._breaker.opens_at(self._clock.now())

    def admit(self, wanted: int) -> int:
        """Return how many may leave now: a single one as a probe, none while that is under way."""
        if self.opens_at:
            return 0
        if self.is_failing and wanted:
            self._breaker = self._breaker.probing(self._clock.now())
            return 1
        return wanted

    def nothing_left(self) -> None:
        """There was nothing to send: a probe that was admitted may be another delivery."""
        if self.is_failing:
            self._breaker = self._breaker.without_probe(self._clock.now())

    def judge(self, outcomes: Collection[Outcome], began: datetime) -> bool:
        """Hear what came back; True where the channel works again. `tell` passes the news on."""
        before, now = self._breaker, self._clock.now()
        after = self._breaker = judged(before, outcomes, began=began, now=now)
        if after.is_open and after.failures > before.failures:
            self._is_known_to_work = False
            self._news = partial(self._watch.failed, self._channel, after.why, None)
        accepted = any(outcome.state is DeliveryState.ACCEPTED for outcome in outcomes)
        if accepted and not self._is_known_to_work:
            # Also the first time: it may have failed under the process before this one.
            self._is_known_to_work = True
            self._news = partial(self._watch.works, self._channel)
        return before.failures > 0 and not after.failures

    async def tell(self) -> None:
        """Tell whoever watches what is new, once the outcomes that say so are recorded."""
        news, self._news = self._news, None
        if news is None:
            return
        try:
            async for attempt in patiently("circuit.tell"):
                with attempt:
                    await news()
        except Exception:  # the deliveries go on, whoever could not be told
            log.exception("circuit.not_told", channel=self._channel.value)
