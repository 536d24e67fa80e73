"""How commands speak: one JSON document, or lines and tables for people."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def document(told: object) -> None:
    """Print one JSON document, and nothing else, on standard output."""
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2))


def line(words: str = "") -> None:
    """Print a line on standard output."""
    typer.echo(plain(words))


def aside(words: str) -> None:
    """Print a line on standard error, beside what the command is asked for."""
    typer.echo(plain(words), err=True)


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print rows under their heads, nothing cut."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in heads:
        shown.add_column(head, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(plain(str(cell))) for cell in row))
    Console().print(shown)


def plain(words: str) -> str:
    """Return text without what could steer a terminal: it may come from anybody."""
    return "".join(
        char for char in words if char == "\n" or unicodedata.category(char) not in {"Cc", "Cf"}
    )


def when(stamp: str | None) -> str:
    """Return an API's time for people: '2026-03-01 14:30 UTC'; '–' for none."""
    return f"{stamp[:16].replace('T', ' ')} UTC" if stamp else "–"


def person(told: dict[str, Any] | None) -> str:
    """Return a person of the API for people."""
    if told is None:
        return "–"
    email = told.get("email") or ""
    return f"{told['name']} <{email}>" if email and email != told["name"] else str(told["name"])


def label(word: str) -> str:
    """Return a name of the API for people: 'incident commander'."""
    return word.replace("_", " ")
