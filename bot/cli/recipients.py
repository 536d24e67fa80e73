"""`sitrep recipients`: people, in bulk."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import Progress

from bot.cli import say
from bot.cli.client import Client, Refused, client
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
    report: Annotated[
        Path | None,
        typer.Option(help="Where refused lines go, with why; beside the file without it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replace the people of an audience by those of a file.

    Columns: email, name, language, time_zone, channels, choice, quiet_hours; only the first is
    required. A line that cannot be taken is named, and kept with the reason in a file; the others
    are taken.
    """
    media = "application/x-ndjson" if file.suffix.casefold() in NDJSON else "text/csv"
    try:
        with file.open("rb") as opened:
            told = client().put(f"/audiences/{audience}/recipients", _streamed(opened), media)
    except Refused as refused:
        lines = refused.problem.get("refused")
        if lines is not None:
            nobody = {"imported": 0, "refused": lines, "refused_in_all": len(lines)}
            _told(audience, file, report, nobody, as_json=as_json)
        raise
    except OSError as wrong:
        raise Invalid(f"{file}: cannot be read: {wrong.strerror}") from None
    _told(audience, file, report, told, as_json=as_json)


@app.command()
def suppressed(
    remove: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Let mail go to this address again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the addresses to which no mail goes, since it came back or was called spam."""
    api = client()
    if remove is not None:
        lifted = api.ask("DELETE", f"/suppressions/{quote(remove, safe='@')}")
        if as_json:
            say.document(lifted)
        else:
            say.line(f"Mail goes to {lifted['address']} again. It was {_why(lifted)}.")
        return
    found = list(_listed(api))
    if as_json:
        say.document({"suppressed": found})
    elif not found:
        say.line("Mail goes to everybody.")
    else:
        say.table(
            ("address", "why", "since", "until", "what was said"),
            (
                (
                    one["address"],
                    _why(one),
                    say.when(one["since"]),
                    say.when(one["until"]) if one["until"] else "it is lifted",
                    one["evidence"],
                )
                for one in found
            ),
        )


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


def _told(
    audience: str, file: Path, report: Path | None, told: dict[str, Any], *, as_json: bool
) -> None:
    """Say what came of an import; keep what was refused beside the file, or where it is wanted."""
    if not told["refused"]:
        _say(audience, told, as_json=as_json)
        return
    kept = report or file.with_name(f"{file.stem}.refused.csv")
    _report(file, kept, told["refused"])
    _say(audience, {**told, "report": str(kept)}, as_json=as_json)
    listed, in_all = len(told["refused"]), told["refused_in_all"]
    which = "All" if listed == in_all else f"The first {listed} of {in_all}"
    say.aside(f"{which} refused lines are in {kept}.")


def _report(file: Path, kept: Path, refused: list[dict[str, Any]]) -> None:
    """Write line, reason and the line itself, as it stands in the file."""
    wanted = {one["line"]: one["reason"] for one in refused}
    try:
        with (
            file.open(encoding="utf-8", errors="replace", newline="") as lines,
            kept.open("w", encoding="utf-8", newline="") as out,
        ):
            writer = csv.writer(out)
            writer.writerow(("line", "reason", "text"))
            for number, line in enumerate(lines, start=1):
                if number in wanted:
                    writer.writerow((number, wanted[number], line.rstrip("\r\n")))
    except OSError as wrong:
        say.aside(f"{kept}: cannot be written: {wrong.strerror}")


def _listed(api: Client) -> Iterator[dict[str, Any]]:
    cursor: str | None = ""
    while cursor is not None:
        page = api.get("/suppressions", cursor=cursor, limit="1000")
        yield from page["suppressed"]
        cursor = page["next"]


def _why(one: dict[str, Any]) -> str:
    return str(one["reason"] or "").replace("_", " ")


def _joined(files: dict[str, str]) -> str:
    lines = ["audience," + next(iter(files.values())).splitlines(keepends=True)[0]]
    for name, text in files.items():
        lines += [f"{name},{line}" for line in text.splitlines(keepends=True)[1:]]
    return "".join(lines)
