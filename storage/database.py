"""The database: one writer for SQLite with group commit, transactions side by side elsewhere."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from comms.errors import Unavailable

T = TypeVar("T")

GROUP = 64
"""At most so many transactions share one commit."""


@dataclass(frozen=True)
class _Job:
    work: Callable[[Session], Any]
    done: Future[Any]


class Database:
    """Runs functions in transactions, off the event loop.

    SQLite has one writer at a time anyway: all writes go to one thread, which commits what has
    gathered meanwhile together, each in a savepoint of its own. Nobody's future is resolved
    before the commit that makes it true.

    `durable=False` leaves the flushing of SQLite's file to the operating system: quicker, and for
    files that need not outlive a power cut (a test's, the demo's).
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _engine(url, durable=durable)
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="sitrep-read")
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        if self.is_sqlite:
            self._writer = threading.Thread(
                target=self._write_all, name="sitrep-write", daemon=True
            )
            self._writer.start()

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction; return once it is committed. Unavailable if it cannot be."""
        if self._writer is None:
            return await self._in_thread(lambda: self._transaction(work))
        done: Future[T] = Future()
        self._jobs.put(_Job(work, done))
        return await asyncio.wrap_future(done)

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a consistent view."""
        return await self._in_thread(lambda: self._view(work))

    def close(self) -> None:
        """Finish what was handed in, then let go of all connections."""
        if self._writer is not None:
            self._jobs.put(None)
            self._writer.join(timeout=10)
        self._readers.shutdown(wait=True)
        self.engine.dispose()

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

    def _transaction(self, work: Callable[[Session], T]) -> T:
        with speaking(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            return work(session)

    def _view(self, work: Callable[[Session], T]) -> T:
        with speaking(), Session(self.engine, autoflush=False) as session:
            try:
                return work(session)
            finally:
                session.rollback()

    def _write_all(self) -> None:
        while (job := self._jobs.get()) is not None:
            group = [job]
            last = False
            while len(group) < GROUP and not self._jobs.empty():
                further = self._jobs.get()
                if further is None:
                    last = True
                    break
                group.append(further)
            self._commit(group)
            if last:
                return

    def _commit(self, group: list[_Job]) -> None:
        """Run a group in one transaction; if that fails, all of them learn it."""
        told: list[Callable[[], None]] = []
        try:
            with (
                speaking(),
                self.engine.connect().execution_options(sitrep_write=True) as connection,
                connection.begin(),
            ):
                told.extend(_run(connection, job) for job in group)
        except Exception as failure:  # noqa: BLE001 (handed to those who wait)
            for job in group:
                job.done.set_exception(failure)
            return
        for tell in told:
            tell()


def _run(connection: Connection, job: _Job) -> Callable[[], None]:
    """Run one job in a savepoint; return how to tell its outcome after the commit."""
    with Session(
        connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
    ) as session:
        try:
            result = job.work(session)
            session.commit()
        except DBAPIError as broken:
            if _is_fatal(broken):
                raise
            session.rollback()
            return _teller(job, failure=explained(broken))
        except Exception as failure:  # noqa: BLE001 (handed to the one who waits)
            session.rollback()
            return _teller(job, failure=failure)
        return _teller(job, result=result)


def _teller(
    job: _Job, *, result: Any = None, failure: Exception | None = None
) -> Callable[[], None]:
    def tell() -> None:
        if failure is not None:
            job.done.set_exception(failure)
        else:
            job.done.set_result(result)

    return tell


def _is_fatal(broken: DBAPIError) -> bool:
    """True where the transaction as a whole is lost (disk full, locked, gone)."""
    return isinstance(broken, OperationalError)


@contextmanager
def speaking() -> Iterator[None]:
    """Turn what a database driver raises into an error with what to do."""
    try:
        yield
    except DBAPIError as broken:
        raise explained(broken) from broken


def explained(broken: DBAPIError) -> Exception:
    """Return an Unavailable for what an operator can mend; else the error itself: a bug."""
    words = str(broken.orig)
    for sign, advice in _SIGNS:
        if sign in words:
            return Unavailable(advice)
    if isinstance(broken, OperationalError):
        return Unavailable(f"The database does not answer ({words.splitlines()[0][:200]}).")
    return broken


_SIGNS = (
    ("database is locked", "The database is locked by another program. Nothing was changed."),
    ("readonly database", "The database is read-only: check the file's owner and its folder."),
    ("database or disk is full", "The disk is full. Nothing was changed; make room and try again."),
    ("unable to open database", "The database file cannot be opened: check its path and folder."),
    ("no such table", "The database has no tables yet: run 'sitrep db upgrade'."),
)


def _engine(url: str, *, durable: bool) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=8, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 10.0, "check_same_thread": False})
    event.listen(engine, "connect", _durable_sqlite if durable else _fast_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _durable_sqlite(connection: Any, _record: Any) -> None:
    # FULL: what was committed survives a power cut too; the group commit pays for it.
    _configure_sqlite(connection, synchronous="FULL")


def _fast_sqlite(connection: Any, _record: Any) -> None:
    _configure_sqlite(connection, synchronous="OFF")


def _configure_sqlite(connection: Any, *, synchronous: str) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does, with the right lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute(f"PRAGMA synchronous={synchronous}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("sitrep_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
