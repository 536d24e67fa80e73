"""Adaptive cards: `templates/**.json` filled with typed text, never larger than Teams takes.

Every `{{ expression }}` of such a template becomes JSON: text in quotes and shown as typed
(`comms.channels.teams.markdown`), lists and mappings likewise, `{{ value | raw }}` without
Markdown escaping, for an input's value, a URL or an action's data. A comma at the end of a line
and before a closing bracket is dropped, so that every element of a list may end with one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, StrictUndefined, Template, Undefined, pass_context
from jinja2.runtime import Context

from comms.channels.teams.markdown import Markdown, escape, markdown, shortened
from comms.incident import Severity, Status
from comms.render import Shipped

POST_LIMIT = 26_000
"""Bytes of UTF-16 for one card: a channel post takes about 28 KB with its envelope
(learn.microsoft.com, "Limits and specifications for Microsoft Teams")."""

DIALOG_LIMIT = 90_000
"""Bytes of UTF-16 for a form in a dialog: a bot's answer takes 100 KB with its envelope."""

_TONES = {
    Severity.SEV1: "attention",
    Severity.SEV2: "warning",
    Severity.SEV3: "accent",
    Severity.SEV4: "emphasis",
}
_STEPS = ((3000, 20), (1200, 20), (600, 12), (300, 8), (120, 5), (80, 3))
_HELD = (6000, 4000, 2500, 1500, 800, 400)
_JSON = json.JSONEncoder(ensure_ascii=False).encode
_NOT_ALL = "Teams cannot carry so much text: only the beginning is left here of {}."
# JSON text holds no line end inside of a string, so this can only be a comma of the template.
_LAST_COMMA = re.compile(r",[ \t]*\n\s*(?=[\]}])")


@dataclass(frozen=True, slots=True)
class Raw:
    """A value that goes into the card as it is: neither escaped nor shortened."""

    value: object


def fill_card(
    name: str, context: Mapping[str, object], *, limit: int | None = POST_LIMIT
) -> dict[str, object]:
    """Return the card of that template, ready for an attachment.

    Long texts are shortened, and long lists cut, step by step until the card has at most `limit`
    bytes (None: never); the template then sees `shortened` as true. `context["incident_url"]`,
    where there is one, becomes the link to the whole.
    """
    template = _template(name)
    card = _filled(template, context, shortened=False)
    if limit is None or size(card) <= limit:
        return card
    for longest, items in _STEPS:
        card = _filled(template, _cut(context, longest, items), shortened=True)
        if size(card) <= limit:
            break
    return card


def fill_form(
    name: str, context: Mapping[str, object], form: Mapping[str, str], *, limit: int
) -> dict[str, object]:
    """Return the card of a form whose inputs hold `form`: all of it, where Teams can carry that.

    Else each input holds no more than the beginning, step by step until the card has at most
    `limit` bytes, and the template's `errors` say at the top which were cut.
    """
    template = _template(name)
    card = _filled(template, {**context, "form": form}, shortened=False)
    for longest in _HELD:
        if size(card) <= limit:
            break
        held = {field: _beginning(value, longest) for field, value in form.items()}
        cut = [field for field in form if held[field] != form[field]]
        around = _cut(context, longest // 4, _STEPS[0][1])
        errors: dict[str, str] = dict(around.get("errors") or {})  # type: ignore[call-overload]
        errors[""] = f"{errors.get('', '')} {_NOT_ALL.format(', '.join(cut))}".strip()
        card = _filled(template, {**around, "form": held, "errors": errors}, shortened=False)
    return card


def tone(severity: Severity, status: Status) -> str:
    """Return the style of a card's head: words say the severity, this only underlines it."""
    return _TONES[severity] if status.is_open else "good"


def size(card: Mapping[str, object]) -> int:
    """Return the card's size as Teams counts it: bytes of its JSON in UTF-16."""
    return len(dumped(card).encode("utf-16-le"))


def dumped(card: Mapping[str, object]) -> str:
    """Return the card's JSON text, as short as it can be."""
    return json.dumps(card, ensure_ascii=False, separators=(",", ":"))


def _filled(
    template: Template, context: Mapping[str, object], *, shortened: bool
) -> dict[str, object]:
    text = template.render(context, shortened=shortened)
    # Half a surrogate pair, which JSON lets in, cannot be sent.
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    card: dict[str, object] = json.loads(_LAST_COMMA.sub("\n", text))
    return card


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=Shipped(),
        undefined=StrictUndefined,
        # Every expression becomes JSON below, which is the escaping that this language needs.
        autoescape=False,  # noqa: S701
        finalize=_to_json,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["raw"] = _raw
    environment.globals.update(md=markdown, execute=_execute, dialog=_dialog, link=_link)
    return environment


def _raw(value: object) -> Raw:
    return value if isinstance(value, Raw) else Raw(_defined(value))


def _defined(value: object) -> object:
    if isinstance(value, Undefined):
        str(value)  # StrictUndefined raises, and names what is missing
    return value


def _to_json(value: object) -> str:
    _defined(value)
    if isinstance(value, Raw):
        return _JSON(value.value)
    return _JSON(_escaped(value))


def _escaped(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(escape(value))
        case Mapping():
            return {key: _escaped(item) for key, item in value.items()}
        case list() | tuple():
            return [_escaped(item) for item in value]
        case _:
            return str(escape(str(value)))


@pass_context
def _execute(
    context: Context,
    title: str,
    verb: str,
    *,
    style: str = "default",
    inputs: bool = True,
    **data: object,
) -> Raw:
    """A button that comes back to us: `Action.Execute`, in a dialog and in an older client
    `Action.Submit` (learn.microsoft.com, "Universal Actions for Adaptive Cards").

    Without `inputs` it sends nothing of the form, and an input that must be filled in holds it up
    no longer.
    """
    carried = _carried(context, verb, data)
    apart: dict[str, object] = {} if inputs else {"associatedInputs": "none"}
    submit = {"type": "Action.Submit", "title": title, "style": style, "data": carried} | apart
    if context.get("in_dialog"):
        return Raw(submit)
    return Raw(
        {
            "type": "Action.Execute",
            "title": title,
            "verb": verb,
            "style": style,
            "data": carried,
            "fallback": submit,
        }
        | apart
    )


@pass_context
def _dialog(
    context: Context, title: str, verb: str, *, style: str = "default", **data: object
) -> Raw:
    """A button that opens a form: only `Action.Submit` can fetch a dialog."""
    carried = {"msteams": {"type": "task/fetch"}} | _carried(context, verb, data)
    return Raw({"type": "Action.Submit", "title": title, "style": style, "data": carried})


def _link(title: str, url: str) -> Raw:
    return Raw({"type": "Action.OpenUrl", "title": title, "url": url})


def _carried(context: Context, verb: str, data: Mapping[str, object]) -> dict[str, object]:
    key = context.get("key")
    return {"verb": verb} | ({"incident": key} if key else {}) | dict(data)


def _cut(context: Mapping[str, object], longest: int, items: int) -> dict[str, object]:
    read_on = str(context.get("incident_url") or "")

    def cut(value: object) -> object:
        match value:
            case Markdown():
                return value
            case str():
                return shortened(value, longest, read_on=read_on)
            case Mapping():
                return {key: _whole_url(key, item) or cut(item) for key, item in value.items()}
            case list() | tuple():
                return [cut(item) for item in _first(value, items)]
            case _:
                return value

    return {key: _whole_url(key, value) or cut(value) for key, value in context.items()}


def _whole_url(key: object, value: object) -> object:
    return value if str(key).endswith("_url") else None


def _beginning(value: str, longest: int) -> str:
    """The first characters, whole lines where that leaves most of them."""
    if len(value) <= longest:
        return value
    head, _, _ = value[:longest].rpartition("\n")
    return head if len(head) > longest // 2 else value[:longest]


def _first(values: Iterable[object], items: int) -> list[object]:
    kept = list(values)
    left = len(kept) - items
    if left > 0 and all(isinstance(value, str) for value in kept):
        return [*kept[:items], f"… and {left} more"]
    return kept[:items]
