"""A statement as a preview shows it."""

from __future__ import annotations

from collections.abc import Mapping

from comms.channels.mail.placeholders import linked
from comms.channels.mail.times import in_zone
from comms.statement import Statement


def shown(statement: Statement, media: str) -> str:
    """Return a part of any channel's statement with its times in the plan's zone, and '#seen' for
    a recipient's own link."""
    part = in_zone(statement.parts[media], statement.time_zone, statement.language)
    return linked(part)


def all_shown(statement: Statement) -> Mapping[str, str]:
    """Return every part by its media type, as `shown` shows it."""
    return {media: shown(statement, media) for media in statement.parts}
