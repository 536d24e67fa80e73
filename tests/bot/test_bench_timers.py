"""The benchmark of timers measures what it says."""

from __future__ import annotations

import json

import pytest

from bot.bench.timers import run

pytestmark = pytest.mark.usefixtures("quick_starts")


def test_a_loop_that_looks_every_second_is_later_than_one_that_sleeps_until_then() -> None:
    result = run(1, pending=50, due=20, seconds=0.2)

    for name in ("sitrep", "polling"):
        measured = result[name]
        assert 0 < measured["p50_ms"] <= measured["p99_ms"] <= measured["worst_ms"]
    assert result["ratios"]["polling/sitrep"] > 0
    assert json.loads(json.dumps(result)) == result
