"""`sitrep doctor`: what Sitrep stands on, one line each, with what to do."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from bot import proof, settings
from bot.cli import db, say
from bot.cli.say import AsJson
from bot.doctor import Finding, Health, examine
from comms.errors import Invalid

SIGNS = {Health.GOOD: "ok  ", Health.OFF: "off ", Health.BAD: "BAD "}


def doctor(
    send_to: Annotated[
        str | None,
        typer.Option(
            "--send-to", metavar="ADDRESS", help="Send a small letter there by each transport."
        ),
    ] = None,
    transport: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only by this transport; may be given more than once."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check configuration, database, mail, Teams and the rest; 1 where something is bad.

    With --send-to, prove the mail transports instead: a letter by each, and its receipt.
    """
    if transport and not send_to:
        raise typer.BadParameter("--transport goes with --send-to ADDRESS")
    findings = _findings(send_to, transport or [])
    if as_json:
        say.document({"findings": [asdict(found) for found in findings]})
    else:
        for found in findings:
            todo = f" {found.todo}" if found.todo else ""
            say.line(f"{SIGNS[found.health]} {found.part}: {found.detail}{todo}")
    if any(found.health is Health.BAD for found in findings):
        raise typer.Exit(1)


def _findings(send_to: str | None, transports: list[str]) -> list[Finding]:
    try:
        given = settings.read()
        if send_to:
            return asyncio.run(proof.prove(given, send_to, transports))
    except Invalid as wrong:
        return [
            Finding(part="configuration", health=Health.BAD, detail=line)
            for line in wrong.detail.splitlines()
        ]
    read = Finding(part="configuration", health=Health.GOOD, detail="Every setting can be read.")
    return [read, *asyncio.run(examine(given, db.state, db.stranded))]
