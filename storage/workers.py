"""Workers, as their heartbeats in the database tell of them."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from storage.replicas import is_shared

STALLED = 35.0
"""Seconds without a heartbeat after which a worker is taken for gone."""

_ALIVE = text(
    "SELECT count(*) FROM procrastinate_workers"
    " WHERE last_heartbeat > now() - make_interval(secs => :seconds)"
)


def workers_alive(session: Session) -> int | None:
    """How many lanes of workers were heard of lately; None on SQLite, where there are none."""
    if not is_shared(session):
        return None
    return int(session.connection().execute(_ALIVE, {"seconds": STALLED}).scalar_one())
