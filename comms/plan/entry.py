"""What the entries of a plan file are made of: the strict base, and a person."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from comms.plan.values import Line, Mail


class Strict(BaseModel):
    """Nothing is converted, and no name is taken that is not known."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        # Pydantic would dump a whole document into its own message; ours name the place instead.
        hide_input_in_errors=True,
    )


class PersonEntry(Strict):
    """Somebody whom the plan names."""

    name: Line
    email: Mail
    entra_id: Line = ""


def refuse_doubles(names: list[Any]) -> None:
    """Raise ValueError where a name stands in a list twice."""
    doubles = sorted({str(name) for name in names if names.count(name) > 1})
    if doubles:
        raise ValueError(f"{', '.join(doubles)} stands here more than once")
