"""The sole use of an embedded database: who has it knows that all before it are gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from filelock import FileLock, Timeout
from sqlalchemy import update
from sqlmodel import Session, col

from storage.database import Database
from storage.ledger_tables import ShardRow
from storage.upkeep import file_of

log = structlog.get_logger()


@asynccontextmanager
async def sole_use(database: Database) -> AsyncIterator[bool]:
    """Hold an SQLite file while the block runs; True where nobody else does.

    The operating system lets go of the lock of a process that was killed. So whoever holds it
    need not wait for the leases of those before: what they had in hand is taken back at once.
    Where another process holds it, and on Postgres, leases run out as usual.
    """
    file = file_of(database.url)
    if file is None:
        yield False
        return
    lock = FileLock(f"{file}.lock", blocking=False)
    try:
        lock.acquire()
    except (Timeout, OSError, NotImplementedError) as held:  # or a file system without locks
        log.warning("database.shared", why=str(held))
        yield False
        return
    try:
        if taken := await database.write(_take_back):
            log.info("ledger.taken_back", shards=taken)
        yield True
    finally:
        lock.release()


def _take_back(session: Session) -> int:
    held = update(ShardRow).where(col(ShardRow.lease_until).is_not(None))
    return session.exec(held.values(owner="", lease_until=None)).rowcount
