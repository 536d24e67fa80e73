"""The card that says what can be said."""

from __future__ import annotations

from collections.abc import Mapping

from comms.channels.teams.card import fill_card

COMMANDS: Mapping[str, str] = {
    "declare": "Something is wrong: a title, a severity, done",
    "suspect": "Not sure yet: a war room, and nothing is promised",
    "incidents": "What is open",
    "status INC-41": "How an incident stands, from approved text",
    "update": "In a war room: write the next update",
    "role": "In a war room: take a role",
    "note": "In a war room: a line for the timeline",
    "resolve": "In a war room: end the incident",
    "help": "This card",
}


def help_card(commands: Mapping[str, str] = COMMANDS) -> dict[str, object]:
    """Return what each command does, with the button that most people came for."""
    context = {
        "fallback": "Sitrep understands: " + ", ".join(commands),
        "commands": [{"says": says, "does": does} for says, does in commands.items()],
    }
    return fill_card("cards/help.json", context)
