"""`sitrep …`: one module per command group; only the module of the command that runs is loaded."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from bot import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo:demo", "The whole product with a replayed incident, on this machine only."),
    "serve": ("serve:serve", "Run the app."),
    "worker": ("serve:worker", "Run a further fan-out worker (Postgres)."),
    "declare": ("incidents:declare", "Declare an incident."),
    "incidents": ("incidents:incidents", "List incidents."),
    "show": ("incidents:show", "Show all about an incident."),
    "role": ("incidents:role", "Give a role to a person."),
    "confirm": ("triage:confirm", "Confirm a suspected incident."),
    "services": ("triage:services", "Say which services an incident hits."),
    "type": ("triage:type_", "Say of which type an incident is."),
    "checklists": ("checklists:checklists", "House rules and checklists, and what is ticked off."),
    "tick": ("checklists:tick", "Tick an item of a checklist off."),
    "note": ("incidents:note", "Write a line into the timeline."),
    "update": ("updates:update", "Draft the next update."),
    "preview": ("updates:preview", "Show exactly what an audience would be sent."),
    "approve": ("updates:approve", "Approve exactly what was seen."),
    "resolve": ("updates:resolve", "Resolve an incident and draft its last update."),
    "deliveries": ("deliveries:deliveries", "The ledger of an incident; send again to the failed."),
    "adherence": ("adherence:adherence", "How well promises were kept over time."),
    "invite": ("invite:invite", "Invite people to an incident's bridge or review."),
    "bulletins": ("bulletins:bulletins", "Digests, invitations: what went out beside updates."),
    "recipients": ("recipients:app", "People, in bulk."),
    "sources": ("sources:app", "Groups and rotas that people come from."),
    "plan": ("plan:app", "The communication plan."),
    "db": ("db:app", "The database: migrate, check, back up."),
    "status": ("status:app", "The customers' status page, its own process."),
    "manifest": ("manifest:app", "The Teams app package."),
    "doctor": ("doctor:doctor", "Check what Sitrep needs, and say what to do."),
    "bench": ("bench:app", "The project's own benchmarks."),
}
"""Each command: where it is, and its line in `sitrep --help`."""


class Commands(TyperGroup):
    """Lists the commands without loading them; loads the one that is called."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = {
            name: TyperCommand(name, help=line) for name, (_where, line) in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, once it is called."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, _loaded(name) if name and found else found, rest


def _loaded(name: str) -> Any:
    module, _, attribute = COMMANDS[name][0].partition(":")
    entry = getattr(import_module(f"bot.cli.{module}"), attribute)
    if isinstance(entry, typer.Typer):
        return get_group(entry)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(entry)
    return get_command(alone)


app = typer.Typer(
    name="sitrep",
    cls=Commands,
    help="One approved update reaches the right people once, on time, and we can prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sitrep {__version__}")
        raise typer.Exit


@app.callback()
def sitrep(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """One approved update reaches the right people once, on time, and we can prove it."""
