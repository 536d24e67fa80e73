"""`sitrep sources`: where people come from beside lists, and how fresh the copies are."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.cli import say
from bot.cli.client import client
from bot.cli.say import AsJson

app = typer.Typer(no_args_is_help=True, help="Groups and on-call rotas that people come from.")

Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as 'group:Leadership'.")]


@app.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """List the sources that the plan names, and what is wrong with them."""
    _say(client().get("/sources"), as_json=as_json)


@app.command()
def refresh(
    key: Annotated[
        str | None, typer.Argument(metavar="KEY", help="One of them; all without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have sources read at once; `sitrep sources list` shows what came of it."""
    _say(client().post("/sources/refresh", {"key": key}), as_json=as_json)


@app.command()
def accept(key: Key, as_json: AsJson = False) -> None:
    """Believe a source that came back much smaller than it was."""
    _say(client().post("/sources/refresh", {"key": key, "accept": True}), as_json=as_json)


def _say(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say.document(told)
        return
    if not told["sources"]:
        say.line("The plan names no sources of people.")
        return
    say.table(
        ("source", "audiences", "people", "read"),
        (
            (
                one["key"],
                ", ".join(one["audiences"]) or "–",
                _people(one),
                say.when(one["fetched_at"]) if one["fetched_at"] else "never",
            )
            for one in told["sources"]
        ),
    )
    for one in told["sources"]:
        if one["warning"]:
            say.line(f"! {one['warning']}")


def _people(one: dict[str, Any]) -> str:
    if one["kind"] == "rota":
        return f"{', '.join(one['on_call']) or 'nobody'} on call"
    left_out = ", ".join(f"{count} {why}" for why, count in one["left_out"].items())
    return f"{one['people']}" + (f" (not told: {left_out})" if left_out else "")
