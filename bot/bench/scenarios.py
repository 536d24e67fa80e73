"""Benchmarks in scenarios: each is a module that measures one promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.bench.report import Progress, present, quietly
from comms.errors import Unavailable

FANOUT: Mapping[str, str] = {
    "sqlite": "bot.bench.fanout",
    "postgres": "bot.bench.fanout_postgres",
    "memory": "bot.bench.fanout_memory",
    "disturb": "bot.bench.fanout_disturb",
    "priority": "bot.bench.fanout_priority",
    "relay": "bot.bench.fanout_relay",
}
"""The scenarios of `sitrep bench fanout`.

Name and module, in the order in which they run. A module has `run(rounds, *, progress)`, which
returns medians over so many rounds as a JSON document and raises Unavailable where a part that it
measures with is not installed. What else it is asked for are its options.
"""


def run(
    modules: Mapping[str, str],
    rounds: int,
    *,
    progress: Progress = quietly,
    **options: Any,
) -> dict[str, Any]:
    """Run these scenarios; return `{rounds, scenarios: {NAME: figures or {skipped: why}}}`."""
    return {
        "rounds": rounds,
        "scenarios": {
            name: _run(module, rounds, partial(_about, name, progress), options)
            for name, module in modules.items()
        },
    }


def _about(name: str, progress: Progress, line: str) -> None:
    progress(f"{name}: {line}")


def _run(
    module: str, rounds: int, progress: Progress, options: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        figures: dict[str, Any] = import_module(module).run(rounds, progress=progress, **options)
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


def main(modules: Mapping[str, str], rounds: int, as_json: bool, **options: Any) -> None:
    """Measure, and print tables or one JSON document."""
    present(
        lambda progress: run(modules, rounds, progress=progress, **options), show, as_json=as_json
    )
