"""The worked examples of docs/plan.md are plans that work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from comms.incident import Severity
from comms.plan.load import load
from comms.plan.model import ChannelName
from comms.simulation import simulate
from comms.testing.clock import MONDAY
from comms.throttle import Limit
from comms.trial import tried

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = sorted((DOCS / "plans").glob("*.yaml"))


def unlimited(_audience: str, _channel: ChannelName) -> Sequence[Limit]:
    return ()


def test_the_page_tells_of_each_example() -> None:
    page = (DOCS / "plan.md").read_text(encoding="utf-8")

    assert {file.stem for file in EXAMPLES} == {"startup", "bank", "hospital"}
    assert all(f"(plans/{file.name})" in page for file in EXAMPLES)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_is_good_and_all_its_letters_can_be_written(file: Path) -> None:
    assert tried(load(file)) == []


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_promises_everybody_in_use_an_update_of_a_sev1(file: Path) -> None:
    plan = load(file)

    found = simulate(
        plan,
        Severity.SEV1,
        begin=MONDAY,
        length=timedelta(hours=6),
        recipients={audience.name: 100 for audience in plan.enabled()},
        limits=unlimited,
    )

    told = {sending.audience for update in found.updates for sending in update.sendings}
    assert told == {audience.name for audience in plan.enabled()}
    assert found.held == ()
