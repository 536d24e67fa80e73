"""Who of some people has quiet hours now, and until when."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from comms.desk import Scene
from comms.incident import Severity
from comms.plan.model import Audience
from comms.quiet import OVERRIDE, hours_of, quiet_until


class QuietNow:
    """An audience's readers at one moment, as far as an update of a severity is concerned."""

    def __init__(self, scene: Scene, audience: Audience, severity: Severity) -> None:
        quiet = audience.quiet
        override = quiet.override if quiet else OVERRIDE
        self._applies = severity.rank > override.rank
        self._hours = quiet.hours if quiet else None
        self._zone = scene.plan.time_zone.key
        self._now = scene.now
        self._scene, self._audience = scene, audience.name
        # Many have the same: the list's zone, the audience's hours.
        self.until = cache(self._until)
        """When somebody's quiet hours end (UTC), by their words and their zone; None: not now."""

    def waiting(self) -> int:
        """How many of the audience have quiet hours now, by its list and its own hours."""
        if not self._applies:
            return 0
        own_only = self._hours is None
        listed = self._scene.book.recipients.quiet(self._audience, own_only=own_only)
        return sum(people for (words, zone), people in listed.items() if self.until(words, zone))

    def _until(self, words: str, zone: str) -> datetime | None:
        hours = hours_of(words, self._hours) if self._applies else None
        return quiet_until(hours, zone or self._zone, self._now) if hours else None
