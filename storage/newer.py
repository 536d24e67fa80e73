"""What a newer version beside this one wrote and this one does not know.

It is left to that version, and said once; nothing else is held up by it.
"""

from __future__ import annotations

from functools import cache

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped
from sqlmodel import col

from comms.delivery import Reason
from comms.plan.model import ChannelName

log = structlog.get_logger()

CHANNELS = frozenset(channel.value for channel in ChannelName)
REASONS = frozenset(reason.value for reason in Reason)


def is_known(channel: str | Mapped[str]) -> ColumnElement[bool]:
    """Return the condition that a row is of a channel that this version knows."""
    return col(channel).in_(sorted(CHANNELS))


def reason_of(name: str | None) -> Reason | None:
    """Return a reason by its name; NEWER for one that only a newer version knows."""
    if name is None or name in REASONS:
        return Reason(name) if name else None
    leave("reason", name)
    return Reason.NEWER


@cache
def leave(what: str, name: str) -> None:
    """Say, once in this process, that something is left to a newer version."""
    log.warning("database.newer", what=what, name=name, todo="Upgrade this process too.")
