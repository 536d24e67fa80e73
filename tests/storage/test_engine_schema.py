"""The job engine's tables: made with ours, and brought up to date while the old version works."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from comms.errors import Unavailable
from storage import engine_schema, schema
from storage.database import Database
from storage.engine_schema import BOOK, due

OLD = {"03.00.00_01_pre_a.sql": True, "03.00.00_50_post_a.sql": True}
NEW = ["03.00.00_01_pre_a.sql", "03.00.00_50_post_a.sql", "03.01.00_01_pre_b.sql"]
POST = "03.01.00_50_post_b.sql"


def test_one_upgrade_makes_our_tables_and_the_engine_s(postgres: Database) -> None:
    schema.check(postgres)

    with postgres.reader.connect() as connection:
        there = connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar()
    assert there is not None


def test_a_second_upgrade_changes_nothing(postgres: Database) -> None:
    assert schema.upgrade(postgres) == schema.upgrade(postgres)
    schema.check(postgres)


def test_an_engine_that_is_newer_than_its_tables_asks_for_an_upgrade(postgres: Database) -> None:
    with postgres.engine.connect() as connection:  # never committed
        connection.execute(text(f"DELETE FROM {BOOK} WHERE name = (SELECT max(name) FROM {BOOK})"))

        with pytest.raises(Unavailable, match="older than this program: run 'sitrep db upgrade'"):
            engine_schema.check(connection)


def test_another_program_s_jobs_are_left_alone(postgres: Database) -> None:
    with postgres.engine.connect() as connection:  # never committed
        connection.execute(text(f"DROP TABLE {BOOK}"))

        with pytest.raises(Unavailable, match="a database of its own"):
            engine_schema.upgrade(connection)


def test_what_the_old_version_cannot_work_with_waits_for_the_upgrade_after() -> None:
    assert due(OLD, [*NEW, POST]) == (["03.01.00_01_pre_b.sql"], [POST])


def test_the_upgrade_after_runs_what_was_put_off_first() -> None:
    known = {**OLD, "03.01.00_01_pre_b.sql": True, POST: False}
    newest = "03.02.00_01_pre_c.sql"

    assert due(known, [*NEW, POST, newest]) == ([POST, newest], [])


def test_upgrading_to_the_same_version_again_runs_nothing() -> None:
    known = {**OLD, "03.01.00_01_pre_b.sql": True, POST: False}

    assert due(known, [*NEW, POST]) == ([], [])
