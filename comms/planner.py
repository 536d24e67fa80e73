"""The planner: writes the rows of large audiences, page after page, also after a restart."""

from __future__ import annotations

from comms.bell import Bell
from comms.clock import Clock
from comms.desk import Desk
from comms.patience import patiently
from comms.people import SITREP
from comms.planning import go_on, is_planning


class Planner:
    """Works while something is being planned; rung when an update is approved."""

    def __init__(self, *, desk: Desk, clock: Clock, bell: Bell) -> None:
        self._desk = desk
        self._clock = clock
        self._bell = bell

    async def run(self) -> None:
        """Plan until cancelled."""
        while True:
            if not await self.plan():
                await self._bell.wait(self._clock, None)

    async def plan(self) -> bool:
        """Write the next page; False when nothing is being planned."""
        async for attempt in patiently("planner.waits"):
            with attempt:
                # A look first: an act rings the bell that this loop waits for.
                if await self._desk.read(is_planning, SITREP, "timer"):
                    return await self._desk.do(go_on, SITREP, "timer")
        return False
