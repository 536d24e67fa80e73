"""`sitrep recipients`: people, in bulk."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress

from bot.cli import say
from bot.cli.client import Refused, client
from bot.cli.say import AsJson
from comms.choice import Wish
from comms.errors import Invalid

app = typer.Typer(no_args_is_help=True, help="People, in bulk.")

CHUNK = 256 * 1024
NDJSON = {".ndjson", ".jsonl"}


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, or NDJSON by its ending (.ndjson, .jsonl).")],
    audience: Annotated[str, typer.Option("--audience", "-a", help="Whose people they are.")],
    as_json: AsJson = False,
) -> None:
    """Replace the people of an audience by those of a file.

    Columns: email, name, language, time_zone, channels, choice; only the first is required. A line
    that cannot be taken is named, the others are taken.
    """
    media = "application/x-ndjson" if file.suffix.casefold() in NDJSON else "text/csv"
    try:
        with file.open("rb") as opened:
            told = client().put(f"/audiences/{audience}/recipients", _streamed(opened), media)
    except Refused as refused:
        lines = refused.problem.get("refused")
        if lines is not None:
            _say(audience, {"imported": 0, "refused": lines}, as_json=as_json)
        raise
    except OSError as wrong:
        raise Invalid(f"{file}: cannot be read: {wrong.strerror}") from None
    _say(audience, told, as_json=as_json)


@app.command()
def export(
    audience: Annotated[
        str | None, typer.Option("--audience", "-a", help="One audience; all of them without.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it, if not here.")] = None,
) -> None:
    """Print the people of an audience as CSV, as they can be imported again.

    Without an audience, those of all, with their audience as the first column.
    """
    api = client()
    if audience:
        text = api.get(f"/audiences/{audience}/recipients")
    else:
        names = [one["name"] for one in api.get("/audiences")["audiences"]]
        text = _joined({name: api.get(f"/audiences/{name}/recipients") for name in names})
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as wrong:
        raise Invalid(f"{out}: cannot be written: {wrong.strerror}") from None


@app.command()
def choices(
    audience: Annotated[
        str | None, typer.Option("--audience", "-a", help="One audience; all of them without.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Count what people have chosen to receive by mail."""
    api = client()
    names = [audience] if audience else [one["name"] for one in api.get("/audiences")["audiences"]]
    told = {name: api.get(f"/audiences/{name}/choices")["choices"] for name in names}
    if as_json:
        say.document(told)
        return
    wishes = tuple(Wish)
    rows = ((name, *(made[wish] or "–" for wish in wishes)) for name, made in told.items())
    say.table(("audience", *wishes), rows)


async def _streamed(file: BinaryIO) -> AsyncIterator[bytes]:
    """The file as it is sent, with progress where somebody looks on."""
    seen = Console(stderr=True)
    with Progress(console=seen, disable=not seen.is_terminal) as progress:
        task = progress.add_task("Sending", total=os.fstat(file.fileno()).st_size)
        while chunk := file.read(CHUNK):
            progress.advance(task, len(chunk))
            yield chunk


def _say(audience: str, told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say.document(told)
        return
    if told["imported"] or not told["refused"]:
        say.line(f"{audience} has {told['imported']} people now.")
    for refused in told["refused"]:
        say.aside(f"line {refused['line']}: {refused['reason']}")


def _joined(files: dict[str, str]) -> str:
    lines = ["audience," + next(iter(files.values())).splitlines(keepends=True)[0]]
    for name, text in files.items():
        lines += [f"{name},{line}" for line in text.splitlines(keepends=True)[1:]]
    return "".join(lines)
