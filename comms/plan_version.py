"""Which state of the communication plan something ran under."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class PlanVersion:
    """One state of the plan, in use for an incident from `since` on. Times are UTC.

    `digest` names its content: the first twelve digits of the SHA-256 of the file and of the
    letters that it brings along. `name` is what the organisation calls it ('': nothing).
    `loaded_at` is when the app took it up; None where nobody noted that.
    """

    digest: str
    name: str = ""
    loaded_at: datetime | None = None
    since: datetime

    @property
    def label(self) -> str:
        """Return 'version 2026-11 (3f9c2a71b04d)', or the digest alone."""
        return f"version {self.name} ({self.digest})" if self.name else self.digest
