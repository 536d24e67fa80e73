"""What processes that share a Postgres owe each other: one act at a time, and word of each.

On SQLite there is one process and one writer, and nothing to be done.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from comms.bell import Topic
from storage.touch import touched

CHANNEL = "sitrep"
"""Where acts are made known (LISTEN, NOTIFY)."""

_TURN = text("SELECT pg_advisory_xact_lock(hashtext('sitrep.act'))")
_ANNOUNCE = text("SELECT pg_notify(:channel, :news)")


def take_turn(session: Session) -> None:
    """Wait until no other act is under way, in any process, and keep the others waiting.

    Each act then sees all that was done before it, as it does on SQLite: nothing is decided on
    what another is about to change. Claims and outcomes of the ledger are no acts and do not wait.
    """
    if is_shared(session):
        session.connection().execute(_TURN)


def announce(session: Session, *, by: str) -> None:
    """Let the other processes know what this act left to do, once it is committed."""
    topics = touched(session)
    if topics and is_shared(session):
        news = {"channel": CHANNEL, "news": " ".join((by, *sorted(topics)))}
        session.connection().execute(_ANNOUNCE, news)


def heard(news: str, *, me: str) -> frozenset[Topic]:
    """Return what another process left to do; nothing where the news is one's own."""
    by, *topics = news.split()
    if by == me:
        return frozenset()
    # A newer version beside this one may know more topics.
    return frozenset(topic for topic in Topic if topic in topics)


def is_shared(session: Session) -> bool:
    """True where several processes may be at work: on Postgres."""
    return session.get_bind().dialect.name == "postgresql"
