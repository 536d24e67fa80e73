"""The timekeeper: fires timers when they are due, once, also after a restart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from comms.acts import asks, chasing, countdowns, digests, promises, waiting, waking
from comms.bell import Bell
from comms.clock import Clock
from comms.desk import Desk, Scene
from comms.meters import Meters, Unwatched
from comms.patience import patiently
from comms.people import SITREP
from comms.timer import Timer

log = structlog.get_logger()

AT_ONCE = 100

FIRES: Mapping[str, Callable[[Scene, Sequence[Timer]], None]] = {
    **dict.fromkeys(promises.TIMERS, promises.fire),
    **dict.fromkeys(asks.TIMERS, asks.fire),
    **dict.fromkeys(chasing.TIMERS, chasing.fire),
    **dict.fromkeys(waking.TIMERS, waking.fire),
    **dict.fromkeys(digests.TIMERS, digests.fire),
    **dict.fromkeys(countdowns.TIMERS, countdowns.fire),
    **dict.fromkeys(waiting.TIMERS, waiting.fire),
}
"""What each kind of timer is for."""


class Timekeeper:
    """Sleeps until the next timer is due, or until somebody sets one."""

    def __init__(
        self, *, desk: Desk, clock: Clock, bell: Bell, meters: Meters | None = None
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._bell = bell
        self._meters = meters or Unwatched()

    async def run(self) -> None:
        """Fire what is due until cancelled."""
        while True:
            async for attempt in patiently("timekeeper.waits"):
                with attempt:
                    due = await self._next_due()
                    is_due = due is not None and due <= self._clock.now()
                    if is_due:
                        await self._fire()
            if not is_due:
                await self._bell.wait(self._clock, due)

    async def fire(self) -> int:
        """Fire what is due now; return how many timers that were."""
        due = await self._next_due()
        return await self._fire() if due is not None and due <= self._clock.now() else 0

    async def _next_due(self) -> datetime | None:
        return await self._desk.read(_next_due, SITREP, "timer")

    async def _fire(self) -> int:
        fired = await self._desk.do(fire_due, SITREP, "timer")
        now = self._clock.now()
        for timer in fired:
            self._meters.fired(timer.kind, now - timer.due_at)
        return len(fired)


def fire_due(scene: Scene) -> tuple[Timer, ...]:
    """Take out the timers that are due and do what they are for, in one transaction.

    Those of a kind that only a newer version knows are left to it.
    """
    due = scene.book.timers.due(scene.now, kinds=tuple(FIRES), limit=AT_ONCE)
    by_end: defaultdict[Callable[[Scene, Sequence[Timer]], None], list[Timer]] = defaultdict(list)
    for timer in due:
        by_end[FIRES[timer.kind]].append(timer)
    for fire, timers in by_end.items():
        fire(scene, timers)
    log.info("timers.fired", timers=len(due), incidents=sorted({timer.incident for timer in due}))
    return due


def _next_due(scene: Scene) -> datetime | None:
    return scene.book.timers.next_due(tuple(FIRES))
