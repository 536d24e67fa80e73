"""The schema: made from nothing, equal to the program's tables, never guessed at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import storage.ledger_tables
import storage.mail_tables
import storage.plan_tables
import storage.tables  # noqa: F401 (they fill the metadata)
from comms.desk import Desk
from comms.errors import Unavailable
from comms.people import Role
from storage import schema
from storage.database import Database
from storage.schema import check, upgrade
from tests.acting import declared
from tests.house import ADA


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """A file with nothing in it."""
    database = Database(f"sqlite:///{tmp_path}/empty.db", durable=False)
    yield database
    database.close()


def test_the_migrations_make_the_whole_schema_from_nothing(empty: Database) -> None:
    revision = upgrade(empty)

    assert revision
    check(empty)
    with empty.reader.connect() as connection:
        made = set(inspect(connection).get_table_names())
    assert made == {*SQLModel.metadata.tables, "alembic_version"}


def test_upgrading_what_is_up_to_date_changes_nothing(empty: Database) -> None:
    assert upgrade(empty) == upgrade(empty)
    check(empty)


def test_the_migrations_and_the_tables_do_not_drift_apart(database: Database) -> None:
    with database.reader.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_program_knows_the_last_of_its_migrations() -> None:
    assert schema.scripts().get_current_head() == schema.HEAD


def test_an_empty_database_says_how_to_begin(empty: Database) -> None:
    with pytest.raises(Unavailable, match="empty: run 'sitrep db upgrade'"):
        check(empty)


@pytest.mark.parametrize("act", [check, upgrade])
def test_a_database_of_a_newer_program_is_left_alone(database: Database, act: object) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Unavailable, match=r"newer \(9999\) than this program"):
        act(database)  # type: ignore[operator]
    with database.reader.connect() as connection:
        kept = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert kept == "9999"


@pytest.mark.parametrize("table", ["audit", "timeline"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET by = '{{}}'", "DELETE FROM {}"])
async def test_the_database_itself_refuses_to_change_the_record(
    desk: Desk, database: Database, table: str, deed: str
) -> None:
    await declared(desk, roles={Role.INCIDENT_COMMANDER: ADA})

    with (
        pytest.raises(DBAPIError, match=f"{table} is append-only"),
        database.engine.begin() as connection,
    ):
        connection.execute(text(deed.format(table)))

    with database.reader.connect() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() >= 2
