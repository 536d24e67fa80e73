"""`sitrep …`: one module per command group, each light to import: most commands need little."""

from __future__ import annotations

import typer

from bot.cli import bench, manifest, plan
from bot.status import cli as status

app = typer.Typer(
    name="sitrep",
    help="One approved update reaches the right people once, on time, and we can prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(plan.app, name="plan")
app.add_typer(manifest.app, name="manifest")
app.add_typer(status.app, name="status")
app.add_typer(bench.app, name="bench")
