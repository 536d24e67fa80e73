"""The benchmark of the plan measures what it says."""

from __future__ import annotations

import json

from bot.bench.plan import AUDIENCES, NAMED, PEERS, WANTED, large_plan, run
from comms.people import Role
from comms.plan.load import read


def test_each_figure_stands_beside_its_peers() -> None:
    result = run(1, incidents=3, rows=50, samples=2)

    assert (result["incidents"], result["rows"]) == (3, 50)
    for name, (figure, _words, _wanted) in WANTED.items():
        assert result[name][figure] > 0
        assert result[PEERS[name]][figure] > 0
    assert len(result["ratios"]) == len(WANTED)
    assert json.loads(json.dumps(result)) == result


def test_the_plan_that_is_checked_is_as_large_as_one_may_be() -> None:
    plan, problems = read(large_plan(), "plan.yaml")

    assert problems == []
    assert plan is not None
    assert (len(plan.audiences), len(plan.approvers[Role.COMMS_LEAD])) == (AUDIENCES, NAMED)
