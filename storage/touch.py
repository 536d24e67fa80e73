"""What a transaction leaves to a loop: noted by the repositories, told once it is committed."""

from __future__ import annotations

from sqlmodel import Session

from comms.bell import Topic

_KEY = "sitrep_touched"


def touch(session: Session, topic: Topic) -> None:
    """Note that something was left to a loop."""
    session.info.setdefault(_KEY, set()).add(topic)


def touched(session: Session) -> frozenset[Topic]:
    """What was left to loops in this transaction."""
    return frozenset(session.info.get(_KEY, ()))
