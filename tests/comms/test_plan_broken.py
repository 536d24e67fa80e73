"""Broken plans: for each one precise message, with its place, whatever the fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from comms.plan.document import LIMIT
from comms.plan.load import check

FOLDER = Path(__file__).parent / "plans"
GOOD = (FOLDER / "good.yaml").read_text(encoding="utf-8")
BROKEN: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(FOLDER / "broken.yaml")


def broken(case: dict[str, Any]) -> str:
    """The text of the plan that the case describes."""
    text: str = case.get("text", GOOD)
    for old, new in case.get("change", ()):
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in good.yaml"
        text = text.replace(old, new)
    if "repeat" in case:
        after, letter, times = case["repeat"]
        text = text.replace(after, f"{after}{letter * times}")
    return text


def said(text: str | bytes) -> list[str]:
    return [str(problem) for problem in check(text, "plan.yaml")]


def shortened(found: list[str], wanted: list[str]) -> list[str]:
    """What was found, cut where the line that is wanted in its place ends in …"""
    ends = [len(line) - 1 if line.endswith("…") else None for line in wanted]
    ends += [None] * len(found)
    return [line if at is None else f"{line[:at]}…" for line, at in zip(found, ends, strict=False)]


def test_the_plan_that_the_others_are_made_from_is_good() -> None:
    assert said(GOOD) == []


def test_there_are_more_than_sixty_faults_each_once() -> None:
    assert len({case["fault"] for case in BROKEN}) == len(BROKEN) >= 60


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["fault"])
def test_a_fault_is_said_with_its_place_and_nothing_else_is(case: dict[str, Any]) -> None:
    assert shortened(said(broken(case)), case["says"]) == case["says"]


def test_aliases_that_would_multiply_are_each_refused() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )

    problems = said(bomb)

    assert len(problems) == 72
    assert problems[0] == "plan.yaml:2:8: the alias *a is not read; write its value out"
    assert problems[-1] == "plan.yaml:9:40: the alias *h is not read; write its value out"


def test_ten_megabytes_are_refused_without_being_read_as_yaml() -> None:
    huge = (GOOD + "# " + "x" * 10_000_000).encode()

    assert said(huge) == [
        f"plan.yaml: the file has more than {LIMIT // 1024} KiB; a plan is far shorter"
    ]


def test_faults_in_places_of_their_own_do_not_hide_each_other() -> None:
    """All that change one place of a plan, wherever that is, are said in one run."""
    apart = [
        case
        for case in BROKEN
        if case["fault"]
        in {
            "a time zone that there is not",
            "a regulator that is not known",
            "a channel that is not known",
            "a field that there is not",
            "a first update only on change",
        }
    ]
    text = GOOD
    for case in apart:
        for old, new in case["change"]:
            text = text.replace(old, new)

    assert len(apart) == 5
    wanted = sorted(line for case in apart for line in case["says"])
    assert shortened(sorted(said(text)), wanted) == wanted
