"""The scenarios of the fan-out's benchmark run by name and are printed."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot.bench import (
    fanout,
    fanout_disturb,
    fanout_memory,
    fanout_postgres,
    fanout_priority,
    fanout_relay,
    scenarios,
)
from bot.cli import app
from comms.errors import Unavailable

pytestmark = pytest.mark.usefixtures("quick_starts")


def test_the_ledger_is_measured_beside_a_naive_loop() -> None:
    result = fanout.run(1, recipients=600)

    rates = [result[name]["deliveries_per_second"] for name in ("sqlite", "naive")]
    assert min(rates) > 0
    assert result["ratios"]["sqlite/naive"] > 0
    assert json.loads(json.dumps(result)) == result


def test_workers_on_postgres_are_measured_beside_a_job_for_each_recipient() -> None:
    try:
        result = fanout_postgres.run(1, recipients=100)
    except Unavailable as missing:
        pytest.skip(missing.detail)

    contenders = ("one_worker", "two_workers", "job_each")
    assert min(result[name]["deliveries_per_second"] for name in contenders) > 0
    assert result["ratios"].keys() == {"one_worker/job_each", "two_workers/one_worker"}


def test_memory_is_compared_between_processes_of_their_own() -> None:
    result = fanout_memory.run(1, few=50, many=3_000)

    assert min(result["few"]["peak_mb"], result["many"]["peak_mb"]) > 10
    assert result["more_mb"] < 64


def test_turns_are_measured_at_rest_and_while_an_update_goes_out() -> None:
    result = fanout_disturb.run(1, recipients=2_100, idle=0.3)

    for state in ("idle", "busy"):
        measured = result[state]
        assert measured["turns"] > 0
        assert 0 < measured["turn_p50_ms"] <= measured["turn_p99_ms"]
        assert measured["lag_p99_ms"] >= 0
    assert result["busy"]["deliveries_per_second"] > 0
    assert result["ratios"]["busy_p99/idle_p99"] > 0


def test_an_urgent_update_is_measured_beside_a_queue() -> None:
    result = fanout_priority.run(1, bulk=1_000, queued=1_500)

    assert result["priority"]["last_seconds"] > 0
    assert result["ratios"]["queue/priority"] > 0


def test_a_relay_that_refuses_is_measured_beside_a_sender_that_does_not_listen() -> None:
    result = fanout_relay.run(1, seconds=1.5)

    assert result["adaptive"]["lost"] == 0
    for contender in ("adaptive", "unpaced"):
        assert result[contender]["goodput"] > 0
        assert 0 <= result[contender]["refused"] < 1


def test_every_figure_is_printed_with_its_name() -> None:
    console = Console(width=100, file=io.StringIO(), record=True)
    scenarios.show({"scenarios": {"sqlite": {"sqlite": {"deliveries_per_second": 31000}}}}, console)

    told = console.export_text()
    assert "sqlite deliveries per second" in told
    assert "31,000" in told


def test_an_unknown_scenario_lists_the_known_ones() -> None:
    said = CliRunner().invoke(app, ["bench", "fanout", "--scenario", "quick"])

    assert said.exit_code == 2
    for name in scenarios.FANOUT:
        assert name in said.output
