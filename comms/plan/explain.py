"""What the model refused, said for the person who wrote the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from comms.plan.document import Document, Path, Place
from comms.plan.problem import nearest
from comms.plan.schema import json_schema
from comms.plan.values import MAIL

_SAID = {
    "string_type": "expected text, found {found}",
    "bool_type": "expected true or false, found {found}",
    "int_type": "expected a whole number, found {found}",
    "greater_than_equal": "expected at least {ge}, found {found}",
    "less_than_equal": "expected at most {le}, found {found}",
    "list_type": "expected a list, such as [mail, page], found {found}",
    "dict_type": "expected names with values below them, found {found}",
    "model_type": "expected names with values below them, found {found}",
    "too_short": "expected at least {min_length}, found {actual_length}",
    "too_long": "expected at most {max_length}, found {actual_length}",
    "string_too_long": "expected at most {max_length} characters, found {length}",
}


def explain(error: ValidationError, document: Document) -> None:
    """Add each thing that the model refused to the document's problems."""
    for detail in error.errors(include_url=False):
        _add(detail, document)


def _add(detail: ErrorDetails, document: Document) -> None:
    kind, path = detail["type"], without_markers(detail["loc"])
    if kind == "missing":
        document.problem(f"{path[-1]!r} is missing", _place(path[:-1], document), path)
    elif kind == "extra_forbidden":
        name, known = str(path[-1]), _schema_at(path[:-1]).get("properties", {})
        message = f"unknown name.{nearest(name, known)} Known: {', '.join(known)}."
        document.problem(message, document.keys[path], path)
    else:
        path = _written(path, document)
        document.problem(_message(detail), _value_place(path, detail["input"], document), path)


def _message(detail: ErrorDetails) -> str:
    kind, found = detail["type"], detail["input"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "enum":
        known = [name.strip("'") for name in context["expected"].replace(" or ", ", ").split(", ")]
        return f"expected {context['expected']}, found {_found(found)}.{_near(found, known)}"
    if kind == "string_pattern_mismatch":
        return f"expected {_form(context['pattern'])}, found {_found(found)}"
    if kind in _SAID:
        length = len(found) if isinstance(found, str) else 0
        return _SAID[kind].format(**context, found=_found(found), length=length)
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}"


def _form(pattern: str) -> str:
    return "a mail address" if pattern == MAIL else "a name of lower-case letters, digits, - and _"


def _near(found: object, known: Iterable[str]) -> str:
    return nearest(found, known) if isinstance(found, str) else ""


def _found(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {str(value)[:40]}"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "…")
    return "a list" if isinstance(value, list) else "names with values"


def without_markers(location: tuple[int | str, ...]) -> Path:
    """Return the path in the file, without the step by which the model marks a name."""
    return tuple(step for step in location if not str(step).startswith("["))


def _written(path: Path, document: Document) -> Path:
    """Return the path as far as the file has it: a single value may stand for a list of one."""
    while path and path not in document.values:
        path = path[:-1]
    return path


def _place(path: Path, document: Document) -> Place:
    return document.keys.get(path) or document.values.get(path) or (1, 1)


def _value_place(path: Path, found: object, document: Document) -> Place:
    """Where a single value stands; a list or a mapping is better pointed at by its name."""
    if isinstance(found, list | dict):
        return _place(path, document)
    return document.values.get(path) or _place(path, document)


@cache
def _root() -> dict[str, Any]:
    return json_schema()


def _schema_at(path: Path) -> dict[str, Any]:
    """Return the schema of the mapping at the path, to list the names that it knows."""
    schema = _root()
    for step in path:
        schema = _resolved(_inner(schema, step))
    return schema


def _inner(schema: dict[str, Any], step: str | int) -> dict[str, Any]:
    if isinstance(step, int):
        return dict(schema["items"])
    if step in schema.get("properties", {}):
        return dict(schema["properties"][step])
    named = [*schema.get("patternProperties", {}).values(), schema["additionalProperties"]]
    return dict(named[0])


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    ways = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    one = next((one for one in ways if "$ref" in one or one.get("type") == "object"), schema)
    name = one.get("$ref", "").rsplit("/", 1)[-1]
    return dict(_root()["$defs"][name]) if name else one
