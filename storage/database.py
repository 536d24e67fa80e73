"""The database: one writer for SQLite with group commit, transactions side by side elsewhere."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from comms.errors import Unavailable
from storage.connect import connect, is_sqlite
from storage.jobs import Job, Jobs
from storage.speaking import BUSY, explained, speaking

T = TypeVar("T")

PATIENCE = 4.0
"""Seconds that a person waits for the writer to begin: a button in Teams gives up soon after."""

SWITCH = 0.0005
"""Seconds for which a thread that works on the database may keep the event loop from the
interpreter: Python's own 5 ms add up where both are busy."""


class Database:
    """Runs functions in transactions, off the event loop.

    SQLite has one writer at a time anyway: all writes go to one thread, which commits what has
    gathered meanwhile together, each in a savepoint of its own. Nobody's future is resolved
    before the commit that makes it true.

    `durable=False` leaves the flushing of SQLite's file to the operating system: quicker, and for
    files that need not outlive a power cut (a test's, the demo's). `committed` is told how much was
    written and the seconds that it took, in the thread that wrote. `patience` is how long, in
    seconds, whoever waits for an answer waits for the writer; background work waits on. On Postgres
    nobody waits longer for a lock.
    """

    def __init__(
        self,
        url: str,
        *,
        durable: bool = True,
        patience: float = PATIENCE,
        committed: Callable[[int, float], None] = lambda _writes, _seconds: None,
    ) -> None:
        self.url = url
        self.patience = patience
        self._committed = committed
        self.engine, self.reader = connect(url, durable=durable, patience=patience)
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="sitrep-read")
        self._jobs = Jobs()
        self._writer: threading.Thread | None = None
        self._closed = False
        sys.setswitchinterval(SWITCH)
        if is_sqlite(url):
            self._writer = threading.Thread(
                target=self._write_all, name="sitrep-write", daemon=True
            )
            self._writer.start()

    async def write(self, work: Callable[[Session], T], *, behind: bool = False) -> T:
        """Run `work` in a transaction; return once it is committed. Unavailable if it cannot be.

        `behind` is for background work: on SQLite, what somebody waits for is written before it.
        What could not be begun in time is not written later, behind the back of whoever was told.
        """
        self._refuse_closed()
        if self._writer is None:
            return await self._in_thread(lambda: self._transaction(work))
        done: Future[T] = Future()
        self._jobs.put(Job(partial(_in_session, work), done), behind=behind)
        try:
            async with asyncio.timeout(None if behind else self.patience):
                return await asyncio.wrap_future(done)
        except TimeoutError:
            if done.cancel():
                raise Unavailable(BUSY) from None
            return await asyncio.wrap_future(done)

    async def write_behind(self, work: Callable[[Connection], T]) -> T:
        """As `write` in the background, on the bare connection: for statements by the thousand."""
        self._refuse_closed()
        if self._writer is None:
            return await self._in_thread(lambda: self._bare(work))
        done: Future[T] = Future()
        self._jobs.put(Job(partial(_in_savepoint, work), done), behind=True)
        return await asyncio.wrap_future(done)

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a consistent view; what it writes is refused by the database."""
        self._refuse_closed()
        return await self._in_thread(lambda: self._view(work))

    @property
    def waiting(self) -> int:
        """How much has been handed in that the writer has not begun."""
        return len(self._jobs)

    def close(self) -> None:
        """Finish what was handed in, then let go of all connections."""
        self._closed = True
        if self._writer is not None:
            self._jobs.close()
            self._writer.join(timeout=10)
        self._threads.shutdown(wait=True)
        self.engine.dispose()
        self.reader.dispose()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise Unavailable("The database is closed: Sitrep is stopping.")

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _transaction(self, work: Callable[[Session], T]) -> T:
        began = time.perf_counter()
        with speaking(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            done = work(session)
        self._committed(1, time.perf_counter() - began)
        return done

    def _bare(self, work: Callable[[Connection], T]) -> T:
        began = time.perf_counter()
        with speaking(), self.engine.begin() as connection:
            done = work(connection)
        self._committed(1, time.perf_counter() - began)
        return done

    def _view(self, work: Callable[[Session], T]) -> T:
        with speaking(), Session(self.reader) as session:
            seen = work(session)
            session.flush()
            return seen

    def _write_all(self) -> None:
        while group := self._jobs.take():
            self._commit(group)

    def _commit(self, gathered: list[Job]) -> None:
        """Run a group in one transaction; if that fails, all of them learn it."""
        group: list[Job] | None = None
        told: list[Callable[[], None]] = []
        began = time.perf_counter()
        try:
            with speaking(), self.engine.connect() as connection, connection.begin():
                group = _still_wanted(gathered)
                told.extend(_run(connection, job) for job in group)
        except Exception as failure:  # noqa: BLE001 (handed to those who wait)
            for job in _still_wanted(gathered) if group is None else group:
                job.done.set_exception(failure)
            return
        self._committed(len(told), time.perf_counter() - began)
        for tell in told:
            tell()


def _still_wanted(gathered: list[Job]) -> list[Job]:
    """Whoever gave up waiting before it began wants nothing written; after this nobody can."""
    return [job for job in gathered if job.done.set_running_or_notify_cancel()]


def _run(connection: Connection, job: Job) -> Callable[[], None]:
    """Run one job; return how to tell its outcome after the commit."""
    try:
        result = job.work(connection)
    except Exception as failure:
        if connection.invalidated:
            raise
        told = explained(failure) if isinstance(failure, DBAPIError) else failure
        return _teller(job, failure=told)
    return _teller(job, result=result)


def _in_session(work: Callable[[Session], T], connection: Connection) -> T:
    """Run one of a group: what it wrote is undone if it fails, and nothing else is."""
    with Session(
        connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
    ) as session:
        try:
            result = work(session)
            session.commit()
        except Exception:
            if not _has_lost_all(connection):
                session.rollback()
            raise
        return result


def _in_savepoint(work: Callable[[Connection], T], connection: Connection) -> T:
    """Do the same without a session."""
    connection.exec_driver_sql("SAVEPOINT one")
    try:
        result = work(connection)
    except Exception:
        if not _has_lost_all(connection):
            connection.exec_driver_sql("ROLLBACK TO one")
        raise
    connection.exec_driver_sql("RELEASE one")
    return result


def _teller(
    job: Job, *, result: Any = None, failure: Exception | None = None
) -> Callable[[], None]:
    def tell() -> None:
        if failure is not None:
            job.done.set_exception(failure)
        else:
            job.done.set_result(result)

    return tell


def _has_lost_all(connection: Connection) -> bool:
    """True where SQLite itself has rolled all back (a full disk, an I/O error), neighbours too.

    The connection is given up then: there is nothing left to roll back to.
    https://www.sqlite.org/lang_transaction.html, 'Response To Errors Within A Transaction'.
    """
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        connection.invalidate()
    return connection.invalidated
