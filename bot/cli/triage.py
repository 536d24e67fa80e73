"""`sitrep confirm`, `services`, `type`: what is learned of an incident once it is declared."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import say
from bot.cli.client import client
from bot.cli.incidents import show_owed
from bot.cli.say import AsJson
from comms.incident import IncidentType

Key = Annotated[str, typer.Argument(metavar="KEY", help="The incident, such as INC-41.")]


def confirm(key: Key, as_json: AsJson = False) -> None:
    """Confirm a suspected incident: from now on its audiences are promised a first update."""
    told = client().post(f"/incidents/{key}/confirm", {})
    if as_json:
        say.document(told)
        return
    say.line(f"{told['key']} is declared.")
    show_owed(told)


def services(
    key: Key,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="As the plan lists them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which services an incident hits, in place of those before."""
    told = client().post(f"/incidents/{key}/services", {"services": names or []})
    if as_json:
        say.document(told)
    else:
        hits = ", ".join(told["services"]) or "no service that is known"
        say.line(f"{told['key']} hits {hits}.")


def type_(
    key: Key,
    kind: Annotated[IncidentType, typer.Argument(metavar="TYPE", case_sensitive=False)],
    as_json: AsJson = False,
) -> None:
    """Say of which type an incident is."""
    told = client().post(f"/incidents/{key}/type", {"type": kind.value})
    if as_json:
        say.document(told)
    else:
        say.line(f"{told['key']} is of the type {say.label(told['type'])}.")
