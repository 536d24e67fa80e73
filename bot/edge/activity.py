"""Activities between the wire and the SDK's types.

The SDK's own (de)serializer costs 400 µs for a short message, more than the rest of a turn; this
one follows the same attribute maps, compiled once per class, in a twentieth of that. A test holds
the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from botbuilder import schema
from botbuilder.schema import Activity
from msrest.serialization import Model

from comms.errors import Invalid

KINDS = frozenset(
    {
        "message",
        "messageUpdate",
        "messageDelete",
        "messageReaction",
        "conversationUpdate",
        "contactRelationUpdate",
        "installationUpdate",
        "endOfConversation",
        "typing",
        "event",
        "invoke",
        "command",
        "commandResult",
        "handoff",
        "suggestion",
        "trace",
        "deleteUserData",
    }
)
"""The activity types of the protocol that a channel may send."""


class NotAnActivity(Invalid):
    """A request body that is no activity of the protocol."""

    title = "Not a Bot Framework activity"
    status = 400


Read = Callable[[Any], Any]


def read(raw: Any) -> Activity:
    """Return the activity in a parsed request body.

    Raises NotAnActivity, with the pointer of the field, where it cannot be answered: it is not an
    object, its type is unknown, a field is of the wrong kind, it names no conversation.
    """
    if not isinstance(raw, dict):
        raise NotAnActivity("An activity is a JSON object.", pointer="")
    if not isinstance(kind := raw.get("type"), str) or kind not in KINDS:
        raise NotAnActivity("This is not an activity type of the Bot Framework.", pointer="/type")
    activity = _model(Activity, raw)
    if activity.conversation is None or not activity.conversation.id:
        raise NotAnActivity("The activity names no conversation.", pointer="/conversation/id")
    for name in ("serviceUrl", "channelId"):
        if not raw.get(name):
            raise NotAnActivity("The activity lacks this field.", pointer=f"/{name}")
    return activity


def plain(model: Any) -> dict[str, Any]:
    """Return an SDK model's filled fields by their wire names; `dump` does the nested ones."""
    kind: Any = type(model)
    keys = _keys(kind)
    filled = {
        keys[name]: value
        for name, value in vars(model).items()
        if value is not None and name in keys
    }
    more = model.additional_properties
    return {**more, **filled} if more else filled


def dump(value: Any) -> bytes:
    """Return any mixture of SDK types and plain values as JSON in UTF-8.

    Raises ValueError or TypeError for what has no JSON form, half a surrogate pair among it.
    """
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return plain(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


@cache
def _keys(model: Any) -> Mapping[str, str]:
    mapped = model._attribute_map.items()
    return {name: entry["key"] for name, entry in mapped if entry["key"]}


@cache
def _fields(model: Any) -> Mapping[str, tuple[str, Read]]:
    return {
        entry["key"]: (name, _reader(entry["type"]))
        for name, entry in model._attribute_map.items()
        if entry["key"]
    }


def _model(model: Any, raw: Any) -> Any:
    if not isinstance(raw, dict):
        raise NotAnActivity("This must be a JSON object.", pointer="")
    fields = _fields(model)
    known: dict[str, Any] = {}
    more: dict[str, Any] = {}
    key = ""
    try:
        for key, value in raw.items():
            field = fields.get(key)
            if field is None:
                more[key] = value
            elif value is not None:
                known[field[0]] = field[1](value)
    except NotAnActivity as wrong:
        raise NotAnActivity(wrong.detail, pointer=f"/{key}{wrong.pointer}") from None
    instance = model.__new__(model)
    instance.__dict__ = {**_blank(model), **known, "additional_properties": more}
    return instance


@cache
def _blank(model: Any) -> Mapping[str, Any]:
    return dict(vars(model()))


def _reader(kind: str) -> Read:
    if kind.startswith("["):
        return _list_of(_reader(kind[1:-1]))
    simple = {"str": _text, "bool": _boolean, "int": _number, "iso-8601": _moment}.get(kind)
    if simple is not None:
        return simple
    model = getattr(schema, kind, None)
    if isinstance(model, type) and issubclass(model, Model):
        # Some channels send an empty text for an empty object.
        return lambda value: None if value == "" else _model(model, value)
    return lambda value: value  # "object" and free-form maps stay as they came


def _list_of(item: Read) -> Read:
    def items(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise NotAnActivity("This must be a JSON array.", pointer="")
        read_so_far: list[Any] = []
        try:
            for one in value:
                read_so_far.append(item(one))  # noqa: PERF401 - its length is the pointer
        except NotAnActivity as wrong:
            pointer = f"/{len(read_so_far)}{wrong.pointer}"
            raise NotAnActivity(wrong.detail, pointer=pointer) from None
        return read_so_far

    return items


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)  # as the SDK: some clients number their ids
    raise NotAnActivity("This must be a text.", pointer="")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise NotAnActivity("This must be true or false.", pointer="")


def _number(value: Any) -> int:
    if isinstance(value, int):
        return value
    raise NotAnActivity("This must be a number.", pointer="")


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise NotAnActivity("This must be an ISO 8601 time.", pointer="") from None
