"""A throttle in memory: the same rules on a dictionary."""

from __future__ import annotations

from datetime import datetime

from comms.pace import Pace, turned
from comms.throttle import Grant, Limit, Told


class MemoryThrottle:
    """Keeps each key's pace in this process."""

    def __init__(self) -> None:
        self.paces: dict[str, Pace] = {}

    async def turn(
        self, limit: Limit, told: Told | None, *, want: int, priority: int, now: datetime
    ) -> Grant:
        """Hear what became of the last sends and grant up to `want` permits."""
        known = self.paces.get(limit.key, Pace())
        self.paces[limit.key], grant = turned(
            known, limit, told, want=want, priority=priority, now=now
        )
        return grant
