"""`sitrep plan`: check, show and describe the communication plan."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import mail, settings
from bot.cli.catalogue import service_line, service_told
from comms.errors import Invalid
from comms.incident import IncidentType, Severity
from comms.plan import load
from comms.plan.duration import written
from comms.plan.model import Audience, Plan
from comms.plan.schema import json_schema
from comms.plan.transports import NONE, Transports
from comms.rule import Level, Rule

app = typer.Typer(no_args_is_help=True, help="The communication plan.")

Templates = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        envvar="SITREP_TEMPLATES",
        help="Letters of your own that go before the plan's.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The plan to check.")],
    templates: Templates = None,
    as_json: AsJson = False,
) -> None:
    """Say all that is wrong with a plan and its letters, with line and column.

    Every letter is written with all that may be said and with nothing. 0: all is good, 1: it is
    not.
    """
    # Imported here: it renders, for which the other commands of the plan need nothing.
    from comms.trial_apart import trial  # noqa: PLC0415

    plan, problems = load.read(load.content(file), str(file), _transports(), templates=templates)
    if plan is not None:
        problems = trial(plan, file, templates)
    if as_json:
        typer.echo(json.dumps({"problems": [dataclasses.asdict(found) for found in problems]}))
    else:
        for problem in problems:
            typer.echo(str(problem), err=True)
    if plan is None or problems:
        raise typer.Exit(1)
    if not as_json:
        used = ", ".join(audience.name for audience in plan.enabled())
        typer.echo(f"{file} is good. Audiences in use: {used}.")


@app.command()
def show(
    *,
    service: Annotated[
        str, typer.Option(metavar="NAME", help="What holds for an incident of this service.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show the plan in use: who is told what, how often, with whose approval; and where each value
    comes from: a line of the file, a service's own, or the default.
    """
    from bot.cli.plan_show import print_values, sources_of, values_of  # noqa: PLC0415

    given = settings.read()
    plan = load.load(given.plan, mail.known(given), templates=given.templates)
    values = values_of(given.plan, service)
    sources = sources_of(plan)
    if as_json:
        told = [{"path": one.name, "value": one.value, "from": one.origin} for one in values]
        typer.echo(
            json.dumps(
                {**_described(plan), "sources": sources, "values": told},
                ensure_ascii=False,
                indent=2,
            )
        )
    else:
        _print(plan, Console())
        print_values(values, Console())
        for key, copy in sources.items():
            typer.echo(f"{key}: {copy}")


@app.command("diff")
def diff_plans(
    before: Annotated[str, typer.Argument(metavar="A", help="A file, or the word 'shipped'.")],
    after: Annotated[str, typer.Argument(metavar="B", help="What it is held against.")],
    as_json: AsJson = False,
) -> None:
    """Say in words what changes from plan A to plan B."""
    from bot.cli.plan_show import diff  # noqa: PLC0415

    diff(before, after, as_json=as_json)


@app.command("preview")
def preview_plan(
    file: Annotated[Path, typer.Argument(help="The plan to try.")],
    key: Annotated[
        str, typer.Option("--incident", metavar="KEY", help="An incident with an update.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write HTML, text and mail (.eml) into this folder."),
    ] = None,
    templates: Templates = None,
    as_json: AsJson = False,
) -> None:
    """Show what each audience would read of an incident's last report under this plan."""
    # Imported here: it renders, for which the other commands of the plan need nothing.
    from bot.cli.plan_preview import preview  # noqa: PLC0415

    preview(file, key, templates=templates, out=out, as_json=as_json)


@app.command("simulate")
def simulate_plan(
    file: Annotated[Path, typer.Argument(help="The plan to try.")],
    *,
    severity: Annotated[Severity, typer.Option("--severity", "-s", case_sensitive=False)],
    hours: Annotated[float, typer.Option(min=0.25, max=24 * 31, help="How long it lasts.")] = 6,
    recipients: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=COUNT", help="People of an audience; else the database's."),
    ] = None,
    at: Annotated[
        str, typer.Option(metavar="TIME", help="When it is declared, such as 2026-03-29T00:30Z.")
    ] = "",
    kind: Annotated[
        IncidentType, typer.Option("--type", "-t", case_sensitive=False)
    ] = IncidentType.SERVICE,
    service: Annotated[
        list[str] | None, typer.Option(help="A service that it hits; may be repeated.")
    ] = None,
    monitored_after: Annotated[
        float | None,
        typer.Option(metavar="HOURS", min=0, help="From then on it is only watched."),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw it into this file, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try a plan: who would be told when, by how many messages, held up by which limit."""
    from bot.cli.plan_simulate import simulate  # noqa: PLC0415

    simulate(
        file,
        severity,
        hours,
        recipients=recipients or [],
        at=at,
        svg=svg,
        as_json=as_json,
        type=kind,
        services=service or [],
        monitored_after=monitored_after,
    )


@app.command()
def schema() -> None:
    """Print the JSON Schema (2020-12) of a plan, for editors that check while you type."""
    typer.echo(json.dumps(json_schema(), indent=2))


def _transports() -> Transports:
    """Those of this installation, where its settings can be read: a plan is checked without too."""
    try:
        return mail.known(settings.read())
    except Invalid:
        return NONE


def _print(plan: Plan, console: Console) -> None:
    eyes = "different people" if plan.four_eyes else "one person may hold both"
    version = f"version {plan.version} ({plan.digest})" if plan.version else plan.digest
    console.print(
        f"{plan.organisation}, {plan.time_zone.key}, from {plan.source}, {version}", markup=False
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in ("audience", "by", "first", *Severity, "approved by"):
        table.add_column(head, no_wrap=head in {"audience", "first"})
    for audience in plan.audiences.values():
        table.add_row(*_row(audience), style=None if audience.enabled else "dim")
    console.print(table)
    console.print(f"Where two roles approve: {eyes}.", markup=False)
    for audience in plan.enabled():
        if audience.external:
            console.print(_weights(audience), markup=False)
    for audience in plan.enabled():
        if audience.languages:
            spoken = ", ".join(plan.languages_of(audience))
            console.print(f"{audience.name} are written to in: {spoken}.", markup=False)
    for service in plan.services:
        console.print(service_line(service), markup=False)


def _row(audience: Audience) -> list[str]:
    firsts = [audience.cadence[severity].first for severity in Severity]
    first = {written(length) if length else "–" for length in firsts}
    return [
        audience.name,
        ", ".join(audience.channels),
        " ".join(sorted(first)),
        *(written(audience.cadence[severity].every) for severity in Severity),
        (" and ".join(role.label for role in audience.approval) or "nobody")
        if audience.enabled
        else "not in use",
    ]


def _weights(audience: Audience) -> str:
    """'Text for Customers: hosts, ips: block; blame, hope: warn. Nobody may override a block.'"""
    rules = {
        level: ", ".join(rule.value for rule in Rule if audience.level(rule) is level)
        for level in (Level.BLOCK, Level.WARN, Level.OFF)
    }
    said = "; ".join(f"{names}: {level.value}" for level, names in rules.items() if names)
    roles = " or ".join(role.label for role in audience.lint_override)
    who = f"The {roles} may override a block." if roles else "Nobody may override a block."
    return f"Text for {audience.label}: {said}. {who}"


def _described(plan: Plan) -> dict[str, object]:
    return {
        "source": plan.source,
        "organisation": plan.organisation,
        "version": plan.version,
        "hash": plan.digest,
        "time_zone": plan.time_zone.key,
        "language": plan.language,
        "four_eyes": plan.four_eyes,
        "mail_rate": plan.mail_rate,
        "regulators": list(plan.regulators),
        "services": {service.name: service_told(service) for service in plan.services},
        "listed_services_only": plan.catalogue.listed_only,
        "audiences": {
            audience.name: {
                "label": audience.label,
                "enabled": audience.enabled,
                "external": audience.external,
                "self_subscribe": audience.self_subscribed,
                "may_stop": audience.may_stop,
                "empty_digest": audience.empty_digest,
                "channels": list(audience.channels),
                "mail": list(audience.mail),
                "languages": list(plan.languages_of(audience)),
                "sees": sorted(audience.sees),
                "approval": list(audience.approval),
                "template": audience.template,
                "lint": {rule.value: audience.level(rule).value for rule in Rule},
                "lint_override": list(audience.lint_override),
                "cadence": {
                    severity: {
                        "first": written(promise.first) if promise.first else None,
                        "every": written(promise.every),
                    }
                    for severity, promise in audience.cadence.items()
                },
            }
            for audience in plan.audiences.values()
        },
    }
