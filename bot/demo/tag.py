"""The mark on a message that says which update it carries, to count what really arrived."""

from __future__ import annotations

from typing import Any, NamedTuple


class Tag(NamedTuple):
    """One update to one audience."""

    incident: str
    update: int
    audience: str


def tag_of(activity: dict[str, Any]) -> Tag | None:
    """Return the tag in an activity's channelData, value or entities: {"sitrep": {…}}."""
    holders = [activity.get("channelData"), activity.get("value"), *_list(activity.get("entities"))]
    for holder in holders:
        mark = holder.get("sitrep") if isinstance(holder, dict) else None
        if not isinstance(mark, dict):
            continue
        incident, update, audience = (mark.get(k) for k in ("incident", "update", "audience"))
        if isinstance(incident, str) and isinstance(update, int) and isinstance(audience, str):
            return Tag(incident, update, audience)
    return None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
