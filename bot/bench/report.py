"""What every benchmark does with its figures: medians, ratios, a table or one JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

import typer
from rich.console import Console

Progress = Callable[[str], None]
"""Told what is being measured."""

Measured = Mapping[str, float]
"""One round's figures by name."""


def quietly(line: str) -> None:
    """Tell nobody."""


def medians(rounds: Sequence[Measured], digits: int = 2) -> dict[str, float]:
    """Return each figure's median."""
    return {name: round(median(one[name] for one in rounds), digits) for name in rounds[0]}


def ratio(
    ours: Sequence[Measured], theirs: Sequence[Measured], figure: str, digits: int = 2
) -> float:
    """Return the median of the rounds' own ratios of a figure."""
    pairs = zip(ours, theirs, strict=True)
    return round(median(one[figure] / other[figure] for one, other in pairs), digits)


def present(
    measure: Callable[[Progress], dict[str, Any]],
    show: Callable[[dict[str, Any], Console], None],
    *,
    as_json: bool,
) -> None:
    """Measure while telling how far it is; print what `show` makes of it, or one JSON document."""
    with Console(stderr=True).status("starting") as status:
        result = measure(status.update)
    if as_json:
        typer.echo(json.dumps(result))
    else:
        show(result, Console())
