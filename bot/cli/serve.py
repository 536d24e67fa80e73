"""`sitrep serve` and `sitrep worker`: the product as processes."""

from __future__ import annotations

from typing import Annotated

import typer

from bot import logs, settings
from bot.cli import say
from bot.serve import serve as run
from bot.worker import work


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")] = 3978,
) -> None:
    """Run the app until it is interrupted; an embedded database is migrated first."""
    given = settings.read()
    logs.configure(given.log)
    run(given, host=host, port=port, ready=lambda url: say.aside(f"Sitrep answers at {url}"))


def worker() -> None:
    """Run a further fan-out worker beside the app, on Postgres."""
    work(settings.read(), ready=lambda: say.aside("The worker sends what waits in the ledger."))
