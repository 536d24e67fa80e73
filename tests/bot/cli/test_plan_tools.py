"""`sitrep plan show` and `plan diff` from a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from comms.plan.load import shipped
from tests.bot.cli.conftest import Sitrep


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan with one thing of its own."""
    file = tmp_path / "plan.yaml"
    file.write_text(shipped().replace("Your organisation", "Fabrikam"), encoding="utf-8")
    return file


def test_show_says_where_each_value_comes_from(
    sitrep: Sitrep, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITREP_PLAN", str(plan))

    told = sitrep("plan", "show", "--json").json

    values = {one["path"]: (one["value"], one["from"]) for one in told["values"]}
    assert values["organisation"] == ("Fabrikam", f"{plan}:4")
    assert values["language"] == ("en", "default")
    assert "organisation" in sitrep("plan", "show").out


def test_diff_says_what_changes(sitrep: Sitrep, plan: Path) -> None:
    said = sitrep("plan", "diff", "shipped", str(plan))

    assert (said.code, said.out) == (0, "Organisation: Fabrikam, was Your organisation.\n")
    assert sitrep("plan", "diff", "shipped", str(plan), "--json").json == {
        "changes": [
            {
                "path": "organisation",
                "before": "Your organisation",
                "after": "Fabrikam",
                "words": "Organisation: Fabrikam, was Your organisation.",
            }
        ]
    }
    assert sitrep("plan", "diff", str(plan), str(plan)).out == "The two plans say the same.\n"


def test_diff_of_a_broken_plan_says_what_is_wrong(sitrep: Sitrep, plan: Path) -> None:
    plan.write_text(plan.read_text().replace("[teams]", "[team]"))

    said = sitrep("plan", "diff", "shipped", str(plan))

    assert said.code == 1
    assert "audiences.responders.channels[0]" in said.err
