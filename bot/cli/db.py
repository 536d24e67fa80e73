"""`sitrep db`: migrate, check, back up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from bot import settings
from bot.cli import say
from bot.cli.say import AsJson
from comms.errors import Unavailable
from comms.source import SourceState
from storage import schema, upkeep
from storage.backlog import stranded_in
from storage.connect import is_sqlite
from storage.database import Database
from storage.recipients import counted
from storage.sources import kept_in

app = typer.Typer(no_args_is_help=True, help="The database: migrate, check, back up.")


@app.command()
def upgrade(as_json: AsJson = False) -> None:
    """Bring the database up to date with this program."""
    with _opened(new=True) as database:
        at = schema.upgrade(database)
    if as_json:
        say.document({"revision": at})
    else:
        say.line(f"The database is up to date ({at}).")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check that the database fits this program and is whole; 0: it is, 1: it is not."""
    with _opened() as database:
        schema.check(database)
        flaws = upkeep.flaws(database)
    if as_json:
        say.document({"flaws": flaws})
    elif flaws:
        for flaw in flaws:
            say.aside(flaw)
    else:
        say.line("The database fits this program and is whole.")
    if flaws:
        raise typer.Exit(1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file for the copy.")], as_json: AsJson = False
) -> None:
    """Write a consistent copy of an SQLite database, while it is in use."""
    url = settings.read().database_url.get_secret_value()
    seen = Console(stderr=True)
    with Progress(console=seen, disable=not seen.is_terminal) as progress:
        task = progress.add_task("Copying", total=None)
        size = upkeep.backup(
            url, file, told=lambda done, pages: progress.update(task, completed=done, total=pages)
        )
    if as_json:
        say.document({"file": str(file), "bytes": size})
    else:
        say.line(f"Copied {size // 1024} KB to {file}.")


def state(url: str) -> str:
    """Return what to say of a database that can be worked with; a SitrepError says why not."""
    with _opened(url) as database:
        schema.check(database)
        flaws = upkeep.flaws(database)
    if flaws:
        raise Unavailable(f"The database is damaged: {flaws[0]}. Restore a backup.")
    return "It fits this program and is whole."


def stranded(url: str) -> int | None:
    """Return how many deliveries wait with no worker alive; None where no worker is needed."""
    if is_sqlite(url):
        return None
    with _opened(url) as database:
        return stranded_in(database)


def people(audiences: Iterable[str]) -> dict[str, int] | None:
    """Return how many people each audience has; None where there is no database yet."""
    url = settings.read().database_url.get_secret_value()
    file = upkeep.file_of(url)
    if file and not file.exists():
        return None
    with _opened(url) as database:
        schema.check(database)
        return counted(database, audiences)


def sources() -> Mapping[str, SourceState]:
    """Return what is known of the copies of sources; nothing where there is no database yet."""
    url = settings.read().database_url.get_secret_value()
    file = upkeep.file_of(url)
    if file and not file.exists():
        return {}
    with _opened(url) as database:
        schema.check(database)
        return kept_in(database)


@contextmanager
def _opened(url: str = "", *, new: bool = False) -> Iterator[Database]:
    url = url or settings.read().database_url.get_secret_value()
    file = upkeep.file_of(url)
    if file and not file.exists() and not new:
        raise Unavailable(f"{file}: there is no database here yet: run `sitrep db upgrade`.")
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
