"""What forms share: the typed values by input id, kept as typed, and errors by input id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from comms.channels.teams.card import DIALOG_LIMIT, POST_LIMIT
from comms.errors import SitrepError

Values = Mapping[str, str]


def filled(fields: Iterable[str], typed: Mapping[str, object]) -> dict[str, str]:
    """Return a value for each of these inputs: what was typed, or an empty one."""
    return {field: str(typed.get(field) or "") for field in fields}


def limit(in_dialog: bool) -> int:
    """Return the bytes that a form may have, in a dialog or as a message."""
    return DIALOG_LIMIT if in_dialog else POST_LIMIT


def errors_of(error: SitrepError, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the error at the input that caused it.

    `fields` maps the beginning of a pointer ('/actions/done') to an input's id; an error of no
    input is shown at the top of the form, under the id ''.
    """
    pointer = error.pointer or ""
    for start, field in fields.items():
        if pointer == start or pointer.startswith(f"{start}/"):
            return {field: error.told}
    return {"": error.told}
