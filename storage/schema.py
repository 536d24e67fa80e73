"""The database's schema: brought up to date, checked against the program."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from comms.errors import Unavailable
from storage.connect import is_sqlite
from storage.database import Database
from storage.speaking import speaking

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

HEAD = "0003"
"""The last of the migrations. A database that is there already needs no look at them: Alembic is
loaded for the others only, and stays where it is loaded."""

_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('sitrep.schema'))")
"""Of two who upgrade at the same time the second finds everything done."""


def upgrade(database: Database) -> str:
    """Run the migrations that are missing; return the revision the database is at now."""
    with speaking(), database.engine.begin() as connection:
        if not is_sqlite(database.url):
            # A second one waits for the first, and a migration for whoever is at work.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(_ALONE)
        if (at := current(connection)) != HEAD:
            _refuse_newer(at)
            _run_missing(connection)
        if not is_sqlite(database.url):
            from storage import engine_schema  # noqa: PLC0415 - for Postgres only

            engine_schema.upgrade(connection)
        return current(connection) or ""


def check(database: Database) -> None:
    """Raise Unavailable where the database is older or newer than this program."""
    with speaking(), database.reader.connect() as connection:
        at = current(connection)
        if at is None:
            raise Unavailable("The database is empty: run 'sitrep db upgrade'.")
        if at != HEAD:
            _refuse_newer(at)
            raise Unavailable(
                f"The database is older ({at}) than this program ({HEAD}): run 'sitrep db upgrade'."
            )
        if not is_sqlite(database.url):
            from storage import engine_schema  # noqa: PLC0415 - for Postgres only

            engine_schema.check(connection)


def current(connection: Connection) -> str | None:
    """The revision that the database is at."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    at: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return at


def scripts() -> ScriptDirectory:
    """The migrations."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see HEAD

    return ScriptDirectory.from_config(_config(None))


def _run_missing(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see HEAD

    command.upgrade(_config(connection), "head")


def _refuse_newer(at: str | None) -> None:
    known = {script.revision for script in scripts().walk_revisions()}
    if at is not None and at not in known:
        raise Unavailable(
            f"The database is newer ({at}) than this program ({HEAD}): upgrade Sitrep."
            " Nothing was changed."
        )


def _config(connection: Connection | None) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see HEAD

    config = Config()
    config.set_main_option("script_location", str(files("storage").joinpath("migrations")))
    config.attributes["connection"] = connection
    return config
