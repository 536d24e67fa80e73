"""`sitrep status`: serve a snapshot directory, or write one for another web server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.status.server import run
from comms.channels.page import snapshot
from comms.errors import SitrepError

app = typer.Typer(no_args_is_help=True, help="The customers' status page, its own process.")

Directory = Annotated[
    Path,
    typer.Option("--dir", envvar="SITREP_STATUS_DIR", help="The snapshot directory."),
]


@app.command()
def serve(
    directory: Directory = Path("status"),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")] = 8080,
    embed: Annotated[str, typer.Option(help="An origin that may show the page in a frame.")] = "",
) -> None:
    """Serve the status page from a snapshot directory; the app and its database may be down."""
    try:
        run(directory, host, port, embed=embed)
    except OSError as wrong:
        typer.echo(
            f"Cannot listen on {host}:{port}: {wrong.strerror}. Choose another --port.", err=True
        )
        raise typer.Exit(1) from wrong


@app.command()
def export(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")],
    source: Annotated[
        Path,
        typer.Option("--from", envvar="SITREP_STATUS_DIR", help="The snapshot directory."),
    ] = Path("status"),
    url: Annotated[
        str, typer.Option(help="Where customers will find it, if not where they do now.")
    ] = "",
) -> None:
    """Write the status page into DIR, for any web server, bucket or CDN."""
    try:
        snapshot.export(source, target, now=datetime.now(UTC), url=url)
    except (SitrepError, OSError) as wrong:
        typer.echo(f"Nothing was exported: {wrong}", err=True)
        raise typer.Exit(1) from wrong
    typer.echo(f"Wrote the status page to {target}.")
