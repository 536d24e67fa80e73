"""What the entries of a plan file are made of: the strict base, a person, a cadence."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from comms.plan.values import Duration, Every, Line, Mail


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


class CadenceEntry(Strict):
    """What an audience is promised at one severity."""

    every: Every = Field(description="The longest time between two updates.")
    first: Duration | None = Field(
        default=None,
        description="From declaration to the first update; without it none is promised.",
    )


class CadenceTable(Strict):
    """The promise at each severity; all four are named, so that none is forgotten."""

    SEV1: CadenceEntry
    SEV2: CadenceEntry
    SEV3: CadenceEntry
    SEV4: CadenceEntry


def refuse_doubles(names: list[Any]) -> None:
    """Raise ValueError where a name stands in a list twice."""
    doubles = sorted({str(name) for name in names if names.count(name) > 1})
    if doubles:
        raise ValueError(f"{', '.join(doubles)} stands here more than once")
