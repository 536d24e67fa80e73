"""Where `sitrep` and `python -m bot` begin."""

from __future__ import annotations

import sys

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


if __name__ == "__main__":
    main()
