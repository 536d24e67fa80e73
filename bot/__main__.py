"""Where `sitrep` and `python -m bot` begin."""

from __future__ import annotations

import sys
import tempfile
import traceback

import typer

from bot.cli import app
from comms.errors import SitrepError


def main() -> None:
    """Run the command line: 0 done, 1 it did not work (said in plain lines), 2 bad usage."""
    try:
        app()
    except SitrepError as error:
        typer.echo(error.detail, err=True)
        sys.exit(1)
    except Exception as mistake:  # noqa: BLE001 (nobody at a terminal can read a trace)
        typer.echo(f"{_named(mistake)} Please report it with {_kept()}.", err=True)
        sys.exit(1)


def _named(mistake: Exception) -> str:
    return f"This is a mistake in Sitrep ({type(mistake).__name__}: {mistake})."


def _kept() -> str:
    """Keep the trace of the failure where it can be attached; return the file's name."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="sitrep-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return file.name


if __name__ == "__main__":
    main()
