"""`sitrep invite`: people to an incident's bridge, or to its review."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import say
from bot.cli.client import client
from bot.cli.incidents import Key
from bot.cli.say import AsJson
from comms.invitation import Meeting


def invite(
    key: Key,
    *,
    what: Annotated[Meeting, typer.Option(help="The call now, or the review afterwards.")],
    url: Annotated[str, typer.Option(help="Where people meet: https://…")] = "",
    at: Annotated[
        str, typer.Option(help="When, such as 2026-11-23T14:00+01:00; now without it.")
    ] = "",
    minutes: Annotated[int, typer.Option(min=5, max=1440, help="How long it takes.")] = 30,
    audience: Annotated[
        list[str] | None,
        typer.Option("--audience", "-a", help="Whose people come too; may be repeated."),
    ] = None,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Call it off, for all who were invited.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Invite whoever has a role, by mail, with a calendar entry; again to move it.

    sitrep invite INC-41 --what bridge --url https://meet.example.org/41

    sitrep invite INC-41 --what review --at 2026-11-23T14:00+01:00 --minutes 60 --url https://…
    """
    if cancel:
        told = client().ask("DELETE", f"/incidents/{key}/invitations/{what}")
    elif not url:
        raise typer.BadParameter("expected --url, where people meet (or --cancel)")
    else:
        body = {"what": what.value, "url": url, "minutes": minutes, "audiences": audience or []}
        told = client().post(f"/incidents/{key}/invitations", body | ({"at": at} if at else {}))
    if as_json:
        say.document(told)
        return
    done = "called off for" if told["is_off"] else "in the calendars of"
    say.line(f"The {what} of {key}, {say.when(told['at'])}, is {done} {told['invited']} people.")
