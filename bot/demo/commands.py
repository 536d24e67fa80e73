"""What people can say and press, read from the Teams app's own manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Command:
    """A word that the bot understands, and what it does."""

    text: str
    does: str


def suggestions() -> tuple[Command, ...]:
    """Return the commands that the compose box offers in a channel, as in Teams."""
    lists = _app()["bots"][0]["commandLists"]
    in_team = next(one["commands"] for one in lists if "team" in one["scopes"])
    return tuple(Command(text=one["title"], does=one["description"]) for one in in_team)


def from_message() -> str:
    """Return the id of the message extension's action in a message's menu."""
    return _extension("action")


def find_incident() -> str:
    """Return the id of the message extension's search."""
    return _extension("query")


def _extension(kind: str) -> str:
    commands = _app()["composeExtensions"][0]["commands"]
    return str(next(one["id"] for one in commands if one["type"] == kind))


def _app() -> dict[str, Any]:
    app: dict[str, Any] = json.loads((files("manifest") / "app.json").read_text(encoding="utf-8"))
    return app
