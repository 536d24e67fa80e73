"""What a database driver raises, said with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from comms.errors import Unavailable

BUSY = "The database is busy, or locked by another program."

EMPTY = "The database has no tables yet: run 'sitrep db upgrade'."

_SIGNS = (
    ("database is locked", "The database is locked by another program."),
    ("readonly database", "The database is read-only: check the file's owner and its folder."),
    ("database or disk is full", "The disk is full: make room on it."),
    ("unable to open database", "The database file cannot be opened: check its path and folder."),
    ("file is not a database", "The file is not a database: check the path in the database URL."),
    ("LockNotAvailable", BUSY),
    ("no such table", EMPTY),
    ("UndefinedTable", EMPTY),
)


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
    named = f"{type(broken.orig).__name__}: {words}"
    for sign, advice in _SIGNS:
        if sign in named:
            return Unavailable(advice)
    if isinstance(broken, OperationalError) or broken.connection_invalidated:
        return away(words)
    return broken


def away(words: str) -> Unavailable:
    """Return what to say of a database server that does not answer; `words` are its driver's."""
    why = words.partition("\n")[0][:200].rstrip(".")
    return Unavailable(
        f"The database does not answer ({why}): check that it runs, and SITREP_DATABASE_URL."
    )
