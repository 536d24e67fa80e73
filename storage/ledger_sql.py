"""The ledger's hot statements, as SQL: a hundred thousand rows pass through each of them.

They are the same on SQLite and Postgres but for the mark of a parameter, the way rows are handed
in, and locks, which `driver` sets.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from comms.ledger import FURTHEST_LEASE, LATEST_RETRY
from storage.columns import text_of
from storage.rowset import Rowset, spelt

LINES = Rowset(
    "line",
    (
        ("address", "text"),
        ("name", "text"),
        ("language", "text"),
        ("suppressed", "text"),
        ("time_zone", "text"),
        ("held_until", "timestamptz"),
    ),
)

INSERT = """
INSERT INTO delivery (fanout_id, shard_id, address, name, language, time_zone, state, reason,
                      held_until, due_at, finished_at, detail, provider_id, attempts)
SELECT ?, ?, address, name, language, time_zone,
       CASE WHEN suppressed IS NULL THEN 'planned' ELSE 'suppressed' END, suppressed,
       CASE WHEN suppressed IS NULL THEN held_until END,
       CASE WHEN suppressed IS NULL AND held_until IS NULL THEN ? END,
       CASE WHEN suppressed IS NOT NULL THEN ? END,
       '', '', 0
FROM {line}
WHERE true
ON CONFLICT (fanout_id, address) DO NOTHING
"""

COPY = """
INSERT INTO delivery (fanout_id, shard_id, address, name, language, time_zone, state, due_at,
                      detail, provider_id, attempts)
SELECT ?, ?, email, name, language, time_zone, 'planned', ?, '', '', 0
FROM recipient
WHERE audience = ? AND id BETWEEN ? AND ?
ORDER BY id
ON CONFLICT (fanout_id, address) DO NOTHING
"""

LAST_SHARD = """
SELECT id, number,
       planned + sending + accepted + rejected + suppressed + unknown + cancelled AS rows
FROM shard
WHERE fanout_id = ?
ORDER BY number DESC LIMIT 1
"""

OPEN_SHARD = """
INSERT INTO shard (fanout_id, number, channel, priority, owner, token, planned, sending, accepted,
                   rejected, suppressed, unknown, cancelled)
VALUES (?, ?, ?, ?, '', 0, 0, 0, 0, 0, 0, 0, 0)
RETURNING id
"""

FILL = "UPDATE shard SET planned = planned + ?, suppressed = suppressed + ? WHERE id = ?"

CLAIM = """
UPDATE shard SET owner = ?, token = token + 1, lease_until = ?
WHERE id = (
    SELECT id FROM shard
    WHERE channel = ? AND due_at IS NOT NULL AND (due_at <= ? OR due_at > ?)
      AND (lease_until IS NULL OR lease_until <= ? OR lease_until > ?)
    ORDER BY priority, id LIMIT 1 {skip_locked}
)
RETURNING id, fanout_id, token, sending
"""

RENEW = """
UPDATE shard SET lease_until = ? WHERE id = ? AND token = ?
RETURNING planned, EXISTS (
    SELECT 1 FROM shard AS urgent
    WHERE urgent.channel = ? AND urgent.due_at IS NOT NULL
      AND (urgent.due_at <= ? OR urgent.due_at > ?)
      AND (urgent.lease_until IS NULL OR urgent.lease_until <= ? OR urgent.lease_until > ?)
      AND urgent.priority < ?
)
"""

HOLD = "UPDATE shard SET lease_until = ? WHERE id = ? AND token = ? AND lease_until IS NOT NULL"

OUTCOMES = Rowset(
    "told",
    (
        ("id", "bigint"),
        ("state", "text"),
        ("reason", "text"),
        ("detail", "text"),
        ("provider_id", "text"),
        ("due_at", "timestamptz"),
        ("uncounted", "bigint"),
    ),
)

FINISH = """
UPDATE delivery SET state = told.state, reason = told.reason, detail = told.detail,
                    provider_id = told.provider_id, due_at = told.due_at,
                    attempts = delivery.attempts - told.uncounted,
                    finished_at = CASE WHEN told.due_at IS NULL THEN ? END
FROM {told}
WHERE delivery.id = told.id AND +delivery.shard_id = ? AND delivery.state = 'sending'
"""
# The plus keeps SQLite from walking the shard's index once for each outcome.

_TAKE = """
UPDATE delivery SET state = 'sending', attempts = attempts + 1
WHERE id IN (
    SELECT id FROM delivery
    WHERE shard_id = ? AND state = 'planned' AND (due_at <= ? OR due_at > ?) {from_here}
    LIMIT ?
)
RETURNING due_at, id, address, name, language, time_zone, attempts
"""

TAKE = _TAKE.replace("{from_here}", "ORDER BY due_at, id")

TAKE_NEXT = _TAKE.replace("{from_here}", "AND id > ? ORDER BY id")
"""Those behind a delivery: for a batch it need not look at the whole shard each time."""

LOST = """
SELECT due_at, id, address, name, language, time_zone, attempts FROM delivery
WHERE shard_id = ? AND state = 'sending'
ORDER BY id
"""

COUNT = """
UPDATE shard SET planned = planned + ?, sending = sending + ?, accepted = accepted + ?,
                 rejected = rejected + ?, unknown = unknown + ?
WHERE id = ?
"""

RECOUNT = """
UPDATE shard SET (planned, sending, accepted, rejected, suppressed, unknown, cancelled) = (
    SELECT count(CASE WHEN state = 'planned' THEN 1 END),
           count(CASE WHEN state = 'sending' THEN 1 END),
           count(CASE WHEN state = 'accepted' THEN 1 END),
           count(CASE WHEN state = 'rejected' THEN 1 END),
           count(CASE WHEN state = 'suppressed' THEN 1 END),
           count(CASE WHEN state = 'unknown' THEN 1 END),
           count(CASE WHEN state = 'cancelled' THEN 1 END)
    FROM delivery WHERE shard_id = shard.id
)
WHERE id = ?
"""

GIVE_BACK = """
UPDATE shard SET owner = '', lease_until = NULL, due_at = (
    SELECT min(due_at) FROM delivery
    WHERE shard_id = shard.id AND state IN ('planned', 'sending')
)
WHERE id = ? AND token = ?
"""

PUT_OFF = "UPDATE shard SET due_at = ? WHERE id = ? AND token = ? AND due_at < ?"


def bounds(connection: Connection, now: datetime) -> tuple[Any, Any, Any, Any]:
    """Return what is compared with when a shard is due, then with when its lease ends."""
    at = stamp(connection, now)
    return at, stamp(connection, now + LATEST_RETRY), at, stamp(connection, now + FURTHEST_LEASE)


def driver(connection: Connection, statement: str) -> str:
    """Return the statement as this database's driver takes it."""
    return spelt(statement, connection.dialect.name, LINES, OUTCOMES)


def stamp(connection: Connection, moment: datetime | None) -> Any:
    """Return a time as this database's driver takes it."""
    if moment is None or connection.dialect.name != "sqlite":
        return moment
    return text_of(moment)
