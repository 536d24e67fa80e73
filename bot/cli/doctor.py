"""`sitrep doctor`: what Sitrep stands on, one line each, with what to do."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import typer

from bot import settings
from bot.cli import db, say
from bot.cli.say import AsJson
from bot.doctor import Finding, Health, examine
from comms.errors import Invalid

SIGNS = {Health.GOOD: "ok  ", Health.OFF: "off ", Health.BAD: "BAD "}


def doctor(as_json: AsJson = False) -> None:
    """Check configuration, database, mail, Teams and the rest; 1 where something is bad."""
    findings = _findings()
    if as_json:
        say.document({"findings": [asdict(found) for found in findings]})
    else:
        for found in findings:
            todo = f" {found.todo}" if found.todo else ""
            say.line(f"{SIGNS[found.health]} {found.part}: {found.detail}{todo}")
    if any(found.health is Health.BAD for found in findings):
        raise typer.Exit(1)


def _findings() -> list[Finding]:
    try:
        given = settings.read()
    except Invalid as wrong:
        return [
            Finding(part="configuration", health=Health.BAD, detail=line)
            for line in wrong.detail.splitlines()
        ]
    read = Finding(part="configuration", health=Health.GOOD, detail="Every setting can be read.")
    return [read, *asyncio.run(examine(given, db.state, db.stranded))]
