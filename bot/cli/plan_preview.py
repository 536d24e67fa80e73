"""`sitrep plan preview`: what an incident's last report would read like under another plan."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from bot.channels import WRITERS
from bot.cli import say
from bot.cli.client import client
from bot.cli.plan_files import write_files
from comms.channels.mail.preview import all_shown, shown
from comms.errors import Invalid, NotFound
from comms.incident import Incident
from comms.language import name_of
from comms.plan.load import load
from comms.plan.model import Audience, Plan
from comms.projection import Telling
from comms.promise import next_due
from comms.render import render_all
from comms.report import CanReport
from comms.statement import PLAIN, Statement
from comms.trial_apart import trial
from comms.update import Update

INCIDENT = TypeAdapter(Incident)
UPDATE = TypeAdapter(Update)
REPORT = TypeAdapter(CanReport)


def preview(
    file: Path, key: str, *, templates: Path | None, out: Path | None, as_json: bool
) -> None:
    """Print every statement, or write them into `out`; nothing is kept and nothing is sent.

    Invalid lists what is wrong with the organisation's own templates.
    """
    plan = load(file, templates=templates)
    if problems := trial(plan, file, templates):
        raise Invalid("\n".join(map(str, problems)))
    api = client()
    told = api.get(f"/incidents/{key}")
    updates = api.get(f"/incidents/{key}/updates")["updates"]
    if not updates:
        raise NotFound(f"{told['key']} has no update yet: write one with `sitrep update`.")
    now = datetime.now(UTC)
    statements = _statements(plan, told, updates[-1], now)
    if out is not None:
        files = [str(written) for written in write_files(out, statements, now)]
        if as_json:
            say.document({"files": files})
        else:
            say.line(f"{len(files)} files are in {out}.")
        return
    statements = tuple(version for whole in statements for version in whole.in_each())
    if as_json:
        say.document({"statements": [_described(statement) for statement in statements]})
        return
    for statement in statements:
        say.line(f"{statement.audience} by {statement.channel}{_language(statement, plan)}")
        if statement.subject:
            say.line(f"Subject: {statement.subject}")
        say.line()
        say.line(
            shown(statement, PLAIN if PLAIN in statement.parts else next(iter(statement.parts)))
        )
        say.line()


def _language(statement: Statement, plan: Plan) -> str:
    if statement.language == plan.language:
        return ""
    return f" in {name_of(statement.language)}"


def _statements(
    plan: Plan, told: dict[str, Any], last: dict[str, Any], now: datetime
) -> tuple[Statement, ...]:
    incident = INCIDENT.validate_python({**told, "id": 0, "plans": ()})
    report = REPORT.validate_python(last["report"])
    chosen = tuple(
        audience
        for audience in plan.told_of(incident)
        if report.customer or not audience.reads_as_customers
    )
    update = UPDATE.validate_python(
        {
            **last,
            "id": 0,
            "incident": incident.key,
            "audiences": tuple(audience.name for audience in chosen),
            "promises": _promises(plan, chosen, incident, now),
            "drafted_at": now,
        }
    )
    telling = Telling(incident=incident, update=update, plan=plan)
    return render_all(telling, chosen, WRITERS)


def _promises(
    plan: Plan, audiences: tuple[Audience, ...], incident: Incident, now: datetime
) -> dict[str, datetime]:
    due = {audience.name: next_due(plan, audience, incident, now) for audience in audiences}
    return {name: moment for name, moment in due.items() if moment and incident.status.is_open}


def _described(statement: Statement) -> dict[str, Any]:
    return {
        "audience": statement.audience,
        "channel": statement.channel.value,
        "language": statement.language,
        "subject": statement.subject,
        "parts": dict(all_shown(statement)),
    }
