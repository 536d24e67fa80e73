"""The database: what is told only after it is true, and what is said when it cannot be."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from comms.errors import NotFound, Unavailable
from storage.database import Database
from storage.schema import check, upgrade
from storage.sightings import SqlSightings

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def see(name: str) -> Callable[[Session], bool]:
    """Return work that writes one row."""
    return lambda session: SqlSightings(session).first(name, now=NOW)


def seen(session: Session) -> list[str]:
    """Return what is kept."""
    return list(session.execute(text("SELECT activity FROM sighting ORDER BY activity")).scalars())


def raising(failure: Exception) -> Callable[[Session], None]:
    """Return work that writes a row and then fails."""

    def work(session: Session) -> None:
        see(f"before {failure}")(session)
        raise failure

    return work


@pytest.fixture
def impatient(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    """A database that waits a tenth of a second for another program's lock."""
    file = shutil.copy(migrated, tmp_path / "impatient.db")
    database = Database(f"sqlite:///{file}?timeout=0.1", durable=False)
    yield database
    database.close()


@contextmanager
def writer_held(database: Database) -> Iterator[None]:
    """Hold the writer back, so that what is handed in meanwhile shares one commit."""
    entered, gate = threading.Event(), threading.Event()

    def wait(_session: Session) -> None:
        entered.set()
        gate.wait(5)

    held = asyncio.ensure_future(database.write(wait))
    try:
        yield
    finally:
        held.add_done_callback(lambda _done: None)
        gate.set()


async def test_what_is_written_can_be_read_once_it_is_told(database: Database) -> None:
    assert await database.write(see("a")) is True
    assert await database.read(seen) == ["a"]


async def test_one_failing_job_leaves_its_neighbours_in_the_same_commit(database: Database) -> None:
    with writer_held(database):
        await asyncio.sleep(0)
        jobs = [
            asyncio.ensure_future(database.write(work))
            for work in (see("a"), raising(NotFound("nothing there")), see("b"))
        ]
        await asyncio.sleep(0)

    first, failed, last = await asyncio.gather(*jobs, return_exceptions=True)

    assert (first, last) == (True, True)
    assert isinstance(failed, NotFound)
    assert await database.read(seen) == ["a", "b"]


async def test_a_wrong_statement_of_one_job_leaves_its_neighbours(database: Database) -> None:
    with writer_held(database):
        await asyncio.sleep(0)
        jobs = [
            asyncio.ensure_future(database.write(work))
            for work in (
                see("a"),
                lambda session: session.execute(text("SELECT nothing FROM nowhere")),
                see("b"),
            )
        ]
        await asyncio.sleep(0)

    first, failed, last = await asyncio.gather(*jobs, return_exceptions=True)

    assert (first, last) == (True, True)
    assert isinstance(failed, Unavailable)


async def test_a_failing_commit_fails_everybody_in_it(database: Database) -> None:
    def broken_at_the_end(session: Session) -> None:
        session.execute(text("PRAGMA defer_foreign_keys = ON"))
        session.execute(
            text(
                "INSERT INTO statement (update_id, position, audience, channel, body)"
                " VALUES (404, 0, 'executives', 'mail', '{}')"
            )
        )

    with writer_held(database):
        await asyncio.sleep(0)
        jobs = [
            asyncio.ensure_future(database.write(work))
            for work in (see("a"), broken_at_the_end, see("b"))
        ]
        await asyncio.sleep(0)

    results = await asyncio.gather(*jobs, return_exceptions=True)

    assert [type(result) for result in results] == [IntegrityError] * 3
    assert await database.read(seen) == []
    assert await database.write(see("a")) is True


async def test_nobody_is_told_before_the_commit(database: Database) -> None:
    committing, gate = threading.Event(), threading.Event()

    def hold(_connection: object) -> None:
        committing.set()
        gate.wait(5)

    event.listen(database.engine, "commit", hold)
    job = asyncio.ensure_future(database.write(see("a")))
    await asyncio.to_thread(committing.wait, 5)

    assert not job.done()
    assert await database.read(seen) == []
    gate.set()
    assert await job is True
    assert await database.read(seen) == ["a"]


async def test_whoever_stops_waiting_does_not_stop_the_writer(database: Database) -> None:
    with writer_held(database):
        await asyncio.sleep(0)
        given_up = asyncio.ensure_future(database.write(see("given up")))
        kept = asyncio.ensure_future(database.write(see("kept")))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)

    assert await asyncio.wait_for(kept, 60) is True
    assert await database.read(seen) == ["kept"]


async def test_whoever_stops_waiting_while_it_is_written_hurts_nobody(database: Database) -> None:
    started, gate = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        started.set()
        gate.wait(5)
        see("slow")(session)

    job = asyncio.ensure_future(database.write(slow))
    await asyncio.to_thread(started.wait, 5)
    job.cancel()
    await asyncio.sleep(0)
    gate.set()

    assert await asyncio.wait_for(database.write(see("next")), 60) is True
    assert await database.read(seen) == ["next", "slow"]


async def test_a_look_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable):
        await database.read(see("a"))

    assert await database.read(seen) == []


async def test_a_look_sees_one_moment_while_others_write(database: Database) -> None:
    await database.write(see("before"))
    looked, gate = threading.Event(), threading.Event()

    def twice(session: Session) -> tuple[list[str], list[str]]:
        first = seen(session)
        looked.set()
        gate.wait(5)
        return first, seen(session)

    look = asyncio.ensure_future(database.read(twice))
    await asyncio.to_thread(looked.wait, 5)
    await database.write(see("meanwhile"))
    gate.set()

    assert await look == (["before"], ["before"])


async def test_a_database_locked_by_another_program_is_said_and_works_again_later(
    impatient: Database,
) -> None:
    with closing(sqlite3.connect(impatient.engine.url.database or "")) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked by another program"):
            await impatient.write(see("a"))
        assert await impatient.read(seen) == []
        other.execute("ROLLBACK")

    assert await impatient.write(see("a")) is True


async def test_what_could_not_begin_in_time_is_never_written(
    migrated: Path, tmp_path: Path
) -> None:
    file = shutil.copy(migrated, tmp_path / "busy.db")
    database = Database(f"sqlite:///{file}", durable=False, patience=0.1)
    with closing(sqlite3.connect(file)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="busy, or locked by another program"):
            await database.write(see("a person's"))
        behind = asyncio.ensure_future(database.write(see("a loop's"), behind=True))
        await asyncio.sleep(0)
        other.execute("ROLLBACK")

    assert await behind is True
    assert await database.read(seen) == ["a loop's"]
    database.close()


async def test_what_has_begun_is_waited_for_however_long_it_takes(
    migrated: Path, tmp_path: Path
) -> None:
    file = shutil.copy(migrated, tmp_path / "slow.db")
    database = Database(f"sqlite:///{file}", durable=False, patience=0.1)
    started, gate = threading.Event(), threading.Event()

    def slow(session: Session) -> bool:
        started.set()
        gate.wait(5)
        return see("slow")(session)

    job = asyncio.ensure_future(database.write(slow))
    await asyncio.to_thread(started.wait, 5)
    with pytest.raises(Unavailable):  # it is patient for as long as the first should have been
        await database.write(see("next"))
    assert not job.done()
    gate.set()

    assert await job is True
    assert await database.read(seen) == ["slow"]
    database.close()


async def test_a_full_disk_changes_nothing_and_is_said(impatient: Database) -> None:
    def fill(session: Session) -> None:
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
        session.execute(text(f"PRAGMA max_page_count = {pages + 4}"))
        for n in range(2000):
            SqlSightings(session).first(f"{n}:" + "x" * 500, now=NOW)

    with pytest.raises(Unavailable, match="disk is full"):
        await impatient.write(fill)

    assert await impatient.read(seen) == []
    assert await impatient.write(see("a")) is True


async def test_a_read_only_database_is_said(migrated: Path, tmp_path: Path) -> None:
    file = shutil.copy(migrated, tmp_path / "read_only.db")
    database = Database(f"sqlite:///file:{file}?mode=ro&uri=true")

    with pytest.raises(Unavailable, match="read-only: check the file's owner"):
        await database.write(see("a"))
    assert await database.read(seen) == []
    database.close()


async def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/nowhere/sitrep.db")

    with pytest.raises(Unavailable, match="cannot be opened: check its path and folder"):
        await database.write(see("a"))
    with pytest.raises(Unavailable, match="cannot be opened"):
        upgrade(database)
    database.close()


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Sir or Madam, " * 100)
    database = Database(f"sqlite:///{tmp_path}/letter.db")

    with pytest.raises(Unavailable, match="not a database"):
        check(database)
    with pytest.raises(Unavailable, match="not a database"):
        await database.write(see("a"))
    database.close()


async def test_a_database_without_tables_is_said(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/empty.db", durable=False)

    with pytest.raises(Unavailable, match="run 'sitrep db upgrade'"):
        await database.write(see("a"))
    database.close()


async def test_a_closed_database_refuses_at_once(database: Database) -> None:
    database.close()

    with pytest.raises(Unavailable, match="Sitrep is stopping"):
        await database.write(see("a"))


async def test_what_was_handed_in_before_closing_is_still_written(
    migrated: Path, tmp_path: Path
) -> None:
    file = shutil.copy(migrated, tmp_path / "closing.db")
    database = Database(f"sqlite:///{file}", durable=False)
    jobs = [asyncio.ensure_future(database.write(see(f"{n:03}"))) for n in range(200)]
    await asyncio.sleep(0)

    await asyncio.to_thread(database.close)

    assert all(await asyncio.gather(*jobs))
    again = Database(f"sqlite:///{file}", durable=False)
    assert len(await again.read(seen)) == 200
    again.close()


async def test_a_durable_database_flushes_each_commit(tmp_path: Path) -> None:
    levels = {}
    for durable in (True, False):
        database = Database(f"sqlite:///{tmp_path}/{durable}.db", durable=durable)
        with database.engine.connect() as connection:
            levels[durable] = connection.execute(text("PRAGMA synchronous")).scalar_one()
        database.close()

    assert levels == {True: 2, False: 0}
