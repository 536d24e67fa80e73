"""The part of a faulty plan that is whole: what it says crosswise is checked in the same run."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from comms.plan.document import DEEPEST, Document, Path
from comms.plan.explain import without_markers
from comms.plan.schema import PlanFile

NAMELESS = {"organisation": "–"}
"""What a plan must say at its top, and nothing else hangs on."""


def check_whole_part(found: Document, crosswise: Callable[[PlanFile], object]) -> None:
    """Hold against each other those parts of a faulty plan that have no fault of their own.

    What names a part that has one is not said: it may be right once that part is.
    """
    left, gone = deepcopy(found.value), set[str]()
    for _ in range(DEEPEST):
        try:
            entry = PlanFile.model_validate(left)
        except ValidationError as error:
            if not isinstance(left, dict):
                return
            for path in _faulty(error):
                gone.update(step for step in path if isinstance(step, str))
                _drop(left, path)
            continue
        known = len(found.problems)
        crosswise(entry)
        found.problems[known:] = [
            problem
            for problem in found.problems[known:]
            if not any(repr(name) in problem.message for name in gone)
        ]
        return


def _faulty(error: ValidationError) -> list[Path]:
    """The smallest parts that hold a fault: never an item of a list, whose others keep places."""
    paths: list[Path] = []
    for detail in error.errors(include_url=False, include_input=False):
        path = without_markers(detail["loc"])
        if detail["type"] == "missing" and len(path) > 1:
            path = path[:-1]
        first = next((at for at, step in enumerate(path) if isinstance(step, int)), len(path))
        paths.append(path[:first])
    return paths


def _drop(value: dict[Any, Any], path: Path) -> None:
    if len(path) == 1 and path[0] in NAMELESS:
        value[path[0]] = NAMELESS[str(path[0])]
        return
    for step in path[:-1]:
        value = value.get(step, {})
        if not isinstance(value, dict):
            return
    if path:
        value.pop(path[-1], None)
