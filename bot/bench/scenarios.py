"""The scenarios of `sitrep bench fanout`: each is a module that measures one promise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.bench.report import Progress, present, quietly
from comms.errors import Unavailable

SCENARIOS: Mapping[str, str] = {
    "sqlite": "bot.bench.fanout",
    "postgres": "bot.bench.fanout_postgres",
    "memory": "bot.bench.fanout_memory",
    "disturb": "bot.bench.fanout_disturb",
    "priority": "bot.bench.fanout_priority",
    "relay": "bot.bench.fanout_relay",
}
"""Name and module, in the order in which they run.

A module has `run(rounds, *, progress)`, which returns medians over so many rounds as a JSON
document and raises Unavailable where a part that it measures with is not installed.
"""


def run(names: Sequence[str], rounds: int, *, progress: Progress = quietly) -> dict[str, Any]:
    """Run these scenarios; return `{rounds, scenarios: {NAME: figures or {skipped: why}}}`."""
    return {
        "rounds": rounds,
        "scenarios": {
            name: _run(name, rounds, lambda line, name=name: progress(f"{name}: {line}"))  # type: ignore[misc] # mypy knows no default there
            for name in names
        },
    }


def _run(name: str, rounds: int, progress: Progress) -> dict[str, Any]:
    try:
        figures: dict[str, Any] = import_module(SCENARIOS[name]).run(rounds, progress=progress)
    except Unavailable as missing:
        return {"skipped": missing.detail}
    return figures


def show(result: dict[str, Any], console: Console) -> None:
    """Print every figure for a person."""
    for name, figures in result["scenarios"].items():
        table = Table(name, "", show_header=True)
        for figure, value in _flat(figures):
            table.add_row(figure, f"{value:,}" if isinstance(value, int | float) else str(value))
        console.print(table)


def _flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}".replace("_", " "), value


def main(names: Iterable[str], rounds: int, as_json: bool) -> None:
    """Measure, and print tables or one JSON document."""
    present(lambda progress: run(tuple(names), rounds, progress=progress), show, as_json=as_json)
