"""Whether data was lost, as forms ask for it: yes, no, or not known yet."""

from __future__ import annotations

from collections.abc import Mapping

UNKNOWN = "unknown"
"""Nobody knows, or nothing is chosen: a choice must have a value."""

_SAID: Mapping[str, bool] = {"yes": True, "no": False}


def read_data_lost(value: str) -> bool | None:
    """Return what was chosen; None: nobody has said."""
    return _SAID.get(value)


def write_data_lost(lost: bool | None) -> str:
    """Return the choice that says so."""
    return next((value for value, said in _SAID.items() if said is lost), UNKNOWN)
