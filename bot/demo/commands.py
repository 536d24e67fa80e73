"""What people can say and press, as the bot names it: the one place the demo has it from."""

from __future__ import annotations

SUGGESTIONS = (
    ("declare", "Declare an incident"),
    ("status", "Where an incident stands"),
    ("help", "What Sitrep can do"),
)
"""Commands that the compose box offers, each with what it does."""

DECLARE_FROM_MESSAGE = "declare"
"""The message extension's action in a message's menu, as in the app's manifest."""

FIND_INCIDENT = "find"
"""The message extension's search, as in the app's manifest."""
