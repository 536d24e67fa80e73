"""`sitrep manifest`: the Teams app package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import typer

from bot import __version__, settings
from comms.errors import Invalid
from manifest.package import App, package

app = typer.Typer(no_args_is_help=True, help="The Teams app package.")


@app.callback()
def group() -> None:
    """The Teams app package."""


@app.command()
def build(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="Where to write it.")],
    publisher: Annotated[
        str, typer.Option(help="Who publishes the app in your organisation.")
    ] = "Sitrep",
    website: Annotated[
        str, typer.Option(help="What is linked as its website; SITREP_BASE_URL where left out.")
    ] = "",
) -> None:
    """Write the package to upload in Teams, for SITREP_BOT_APP_ID at SITREP_BASE_URL."""
    made = package(_app(settings.read(), publisher, website))
    try:
        out.write_bytes(made)
    except OSError as error:
        raise Invalid(f"{out}: cannot be written: {error.strerror}") from None
    typer.echo(f"Wrote {out}. Upload it in the Teams admin center under Manage apps.")


def _app(given: settings.Settings, publisher: str, website: str) -> App:
    problems = []
    if not given.bot_app_id:
        problems.append("SITREP_BOT_APP_ID is not set; the package names the bot by it")
    elif not _is_guid(given.bot_app_id):
        problems.append("SITREP_BOT_APP_ID: expected the GUID of the bot's app registration")
    if not given.base_url:
        problems.append("SITREP_BASE_URL is not set; the package names where Sitrep is reached")
    for name, url in (("SITREP_BASE_URL", given.base_url), ("--website", website)):
        if url and urlsplit(url).scheme != "https":
            problems.append(f"{name}: Teams takes https addresses only")
    if not 1 <= len(publisher) <= 32:
        problems.append(f"--publisher: expected 1 to 32 characters, found {len(publisher)}")
    if problems or not given.bot_app_id or not given.base_url:
        raise Invalid("\n".join(problems))
    return App(
        id=given.bot_app_id.lower(),
        url=given.base_url,
        version=__version__,
        developer=publisher,
        website=website or given.base_url,
    )


def _is_guid(value: str) -> bool:
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False
