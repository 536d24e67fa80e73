"""All that a plan says, value by value, and where each comes from: a line, or the default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from comms.plan.document import Document, Path, dotted
from comms.plan.schema import json_schema

DEFAULT = "default"

PERSON = "PersonEntry"
"""A person is one value: nobody asks where a name comes from without its address."""

SHARED = frozenset({"first", "every", "snap", "at", "long", "zone"})
"""What a cadence may say once for all severities."""

_NOTHING: tuple[object, ...] = (None, "", [], {})


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value as a plan writes it. `origin` is 'plan.yaml:14', 'default', or that with a reason:
    'default: its name', 'plan.yaml:88, for the service payments'."""

    path: Path
    value: str
    origin: str

    @property
    def name(self) -> str:
        """The path as people write it."""
        return dotted(self.path)


def effective(found: Document, service: str = "") -> tuple[Value, ...]:
    """Return what holds, in the schema's order, of a plan that was checked and is good.

    With a `service`, what holds for an incident of it. Values that are empty either way are left
    out.
    """
    schema = json_schema()
    return tuple(_Walk(found, schema["$defs"], service).values(schema, ()))


class _Walk:
    """One walk through the schema, with the document in the other hand."""

    def __init__(self, found: Document, defs: Mapping[str, Any], service: str) -> None:
        self._found = found
        self._defs = defs
        self._service = service

    def values(self, schema: Mapping[str, Any], path: Path) -> Iterator[Value]:
        is_optional = "default" in schema and schema["default"] is None
        schema = self._resolved(schema)
        if schema.get("title") == PERSON:
            yield from self._leaf(schema, path)
        elif "properties" in schema:
            if is_optional and self._place(path) is None:
                return
            for name, inner in schema["properties"].items():
                yield from self.values(inner, (*path, name))
        elif schema.get("type") == "object":
            for name in self._names(path):
                yield from self.values(_inside(schema), (*path, name))
        elif "properties" in (item := self._resolved(schema.get("items", {}))):
            if item.get("title") == PERSON:
                yield from self._leaf(schema, path)
                return
            for number in range(len(self._given(path) or ())):
                yield from self.values(item, (*path, number))
        else:
            yield from self._leaf(schema, path)

    def _leaf(self, schema: Mapping[str, Any], path: Path) -> Iterator[Value]:
        place = self._place(path)
        if place is not None:
            value = secret(path, said(self._at(place)))
            yield Value(path=path, value=value, origin=self._origin(place, path))
            return
        meant = self._meant(path)
        if meant is not None:
            yield meant
        elif (default := schema.get("default")) not in _NOTHING:
            yield Value(path=path, value=said(default), origin=DEFAULT)

    def _meant(self, path: Path) -> Value | None:
        """What holds of an audience where it says nothing itself."""
        if len(path) != 3 or path[0] != "audiences":
            return None
        match path[2]:
            case "template":
                return Value(path=path, value=str(path[1]), origin=f"{DEFAULT}: its name")
            case "may_stop":
                outside = self._given((*path[:2], "external")) is True
                who = "outside" if outside else "inside"
                return Value(path=path, value=said(outside), origin=f"{DEFAULT} for people {who}")
            case "lint_override" if self._place(("lint_override",)):
                place: Path = ("lint_override",)
                return Value(
                    path=path, value=said(self._at(place)), origin=self._origin(place, path)
                )
            case _:
                return None

    def _names(self, path: Path) -> list[str]:
        """The names below a path, those that only a service adds last."""
        names: dict[str, None] = {}
        for place in reversed(self._places(path)):
            below = self._at(place) if place in self._found.values else None
            names |= dict.fromkeys(below if isinstance(below, dict) else ())
        return [*names]

    def _given(self, path: Path) -> Any:
        place = self._place(path)
        return None if place is None else self._at(place)

    def _place(self, path: Path) -> Path | None:
        """Where in the document the value of this path stands; None: nowhere."""
        return next((one for one in self._places(path) if one in self._found.values), None)

    def _places(self, path: Path) -> list[Path]:
        """Where it may stand, what goes before the others first."""
        places = [path]
        if self._service and path[:1] == ("audiences",):
            places.insert(0, ("services", self._service, *path))
        if len(path) > 2 and path[-3] == "cadence" and path[-1] in SHARED:
            places += [(*place[:-2], place[-1]) for place in places]
        return places

    def _at(self, place: Path) -> Any:
        value: Any = self._found.value
        for step in place:
            value = value[step]
        return value

    def _origin(self, place: Path, path: Path) -> str:
        line = f"{self._found.source}:{self._found.values[place][0]}"
        if place[0] == "services" != path[0]:
            return f"{line}, for the service {self._service}"
        return line

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        some = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        one = some[0] if len(some) == 1 else schema
        name = one.get("$ref", "").rpartition("/")[2]
        if not name:
            return {**one, **{key: schema[key] for key in ("default",) if key in schema}}
        return {**self._defs[name], **{key: schema[key] for key in ("default",) if key in schema}}


def secret(path: Path, value: str) -> str:
    """Return a value as it may be shown: of a feed's address, its host and a mark of the rest.

    The address alone opens many a calendar. The mark tells one address from another.
    """
    if len(path) != 3 or (path[0], path[2]) != ("rotas", "feed"):
        return value
    mark = sha256(value.encode()).hexdigest()[:6]
    return f"https://{urlsplit(value).hostname}/… ({mark})"


def said(value: object) -> str:
    """Return a value as it reads in one line: 'page, mail', 'true', 'Dana Roth <dana@…>'."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(said(one) for one in value) or "none"
    if isinstance(value, dict):
        if {"name", "email"} <= value.keys():
            return f"{value['name']} <{value['email']}>"
        return "; ".join(f"{name}: {said(one)}" for name, one in value.items())
    return str(value)


def _inside(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands below each name of a mapping."""
    named = [*schema.get("patternProperties", {}).values()]
    more = schema.get("additionalProperties")
    inner: Mapping[str, Any] = named[0] if named else more if isinstance(more, dict) else {}
    return inner
