"""The scenarios of the fan-out's benchmark run by name and are printed."""

from __future__ import annotations

import io
import json

from rich.console import Console
from typer.testing import CliRunner

from bot.bench import fanout, scenarios
from bot.cli import app


def test_the_ledger_is_measured_beside_a_naive_loop() -> None:
    result = fanout.run(1, recipients=600)

    rates = [result[name]["deliveries_per_second"] for name in ("sqlite", "naive")]
    assert min(rates) > 0
    assert result["ratios"]["sqlite/naive"] > 1
    assert json.loads(json.dumps(result)) == result


def test_every_figure_is_printed_with_its_name() -> None:
    console = Console(width=100, file=io.StringIO(), record=True)
    scenarios.show({"scenarios": {"sqlite": {"sqlite": {"deliveries_per_second": 31000}}}}, console)

    told = console.export_text()
    assert "sqlite deliveries per second" in told
    assert "31,000" in told


def test_an_unknown_scenario_lists_the_known_ones() -> None:
    said = CliRunner().invoke(app, ["bench", "fanout", "--scenario", "quick"])

    assert said.exit_code == 2
    for name in scenarios.SCENARIOS:
        assert name in said.output
