"""Posting: a bulletin and its rows in the ledger, in one transaction, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from comms.bulletin import Bulletin
from comms.desk import Scene
from comms.ledger import Fanout, Line
from comms.recipient import Recipient

LEAST_URGENT = 900
"""The priority of what can wait: any update goes first."""


def post(
    scene: Scene, bulletin: Bulletin, lines: Sequence[Line], *, priority: int = LEAST_URGENT
) -> Fanout | None:
    """Send a bulletin to these; None where it was posted before: then nothing is changed."""
    if not scene.book.bulletins.add(bulletin):
        return None
    fanouts = scene.book.fanouts
    fanout = fanouts.open(
        update=None, statement=bulletin.statement, priority=priority, now=scene.now
    )
    fanouts.write(fanout, lines, now=scene.now)
    fanouts.ready(fanout)
    return fanout


def line_to(scene: Scene, person: Recipient, *, language: str = "", time_zone: str = "") -> Line:
    """Return the row of one person; suppressed where mail from there comes back."""
    held = scene.book.suppressions.among([person.email.casefold()], now=scene.now)
    return Line(
        person.email,
        person.name,
        language or person.language,
        held.get(person.email.casefold()),
        time_zone or person.time_zone,
    )
