"""The database's schema: brought up to date, checked against the program."""

from __future__ import annotations

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from comms.errors import Unavailable
from storage import engine_schema
from storage.connect import is_sqlite
from storage.database import Database
from storage.speaking import speaking

_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('sitrep.schema'))")
"""Of two who upgrade at the same time the second finds everything done."""


def upgrade(database: Database) -> str:
    """Run the migrations that are missing; return the revision the database is at now."""
    with speaking(), database.engine.begin() as connection:
        if not is_sqlite(database.url):
            # A second one waits for the first, and a migration for whoever is at work.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(_ALONE)
        _refuse_newer(current(connection))
        command.upgrade(_config(connection), "head")
        if not is_sqlite(database.url):
            engine_schema.upgrade(connection)
        return current(connection) or ""


def check(database: Database) -> None:
    """Raise Unavailable where the database is older or newer than this program."""
    with speaking(), database.reader.connect() as connection:
        at = current(connection)
        if at is None:
            raise Unavailable("The database is empty: run 'sitrep db upgrade'.")
        _refuse_newer(at)
        head = _scripts().get_current_head()
        if at != head:
            raise Unavailable(
                f"The database is older ({at}) than this program ({head}): run 'sitrep db upgrade'."
            )
        if not is_sqlite(database.url):
            engine_schema.check(connection)


def current(connection: Connection) -> str | None:
    """The revision that the database is at."""
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(at: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if at is not None and at not in known:
        raise Unavailable(
            f"The database is newer ({at}) than this program ({_scripts().get_current_head()}):"
            " upgrade Sitrep. Nothing was changed."
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("storage").joinpath("migrations")))
    config.attributes["connection"] = connection
    return config
