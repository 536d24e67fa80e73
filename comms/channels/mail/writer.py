"""Writes a letter: from an audience's context to the text and HTML that everybody gets."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import cache

import mrml
from css_inline import CSSInliner
from jinja2 import UndefinedError

from comms.channels.mail.placeholders import links, placed
from comms.channels.mail.words import words
from comms.errors import Invalid
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling
from comms.render import fill, thread
from comms.statement import HTML, PLAIN, Statement

LANGUAGE = "en"
PREHEADER = 140
"""Characters of the content that inboxes show beside the subject."""

_ISOLATE, _POP = "\u2068", "\u2069"
_RIGHT_TO_LEFT = {"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "AN"}


def write(telling: Telling, audience: Audience, context: Mapping[str, object]) -> Statement:
    """Return the letter of this update to this audience; Invalid where the plan and the templates
    disagree about what the audience sees."""
    folder, kind = audience.template, telling.update.kind.value
    letter = _clean({**context, **words(context), **links(), "language": LANGUAGE})
    plain = _each(letter, _isolated)
    try:
        subject = " ".join(fill(f"{folder}/mail.subject", plain).split())
        mjml = fill(
            f"{folder}/{kind}.mail.mjml",
            {**letter, "subject": subject, "preheader": _preheader(letter)},
        )
        text = fill(f"{folder}/{kind}.mail.txt", plain)
    except UndefinedError as error:
        raise Invalid(
            f"The mail of {audience.name} asks for something that this audience does not see:"
            f" {error.message}. Add it to 'sees' in the plan, or change the template."
        ) from error
    return Statement(
        incident=telling.update.incident,
        update=telling.update.number,
        audience=audience.name,
        channel=ChannelName.MAIL,
        subject=subject,
        parts={PLAIN: text + "\n", HTML: _html(mjml)},
        thread=thread(telling.update, audience),
        urgent=context.get("severity") == "SEV1" and not context["is_last"],
    )


def _html(mjml: str) -> str:
    return _inliner().inline(placed(mrml.to_html(mjml).content))


@cache
def _inliner() -> CSSInliner:
    # Only the letters' own rules are inlined: MJML has written out its own, and the style elements
    # stay as they are for the @media rules. Nothing is ever loaded from elsewhere.
    return CSSInliner(
        inline_style_tags=False,
        extra_css=fill("mail/letter.css", {}),
        keep_style_tags=True,
        load_remote_stylesheets=False,
    )


def _preheader(letter: Mapping[str, object]) -> str:
    shown = letter.get("impact") or letter.get("symptom") or letter["holding"]
    line = " ".join(str(shown).split())
    return line if len(line) <= PREHEADER else f"{line[: PREHEADER - 1]}…"


def _clean(context: Mapping[str, object]) -> dict[str, object]:
    """Take out what neither XML nor a placeholder's neighbour may hold; typed text has none."""
    return _each(context, lambda text: "".join(c for c in text if _is_carried(c)))


def _is_carried(char: str) -> bool:
    if char in "\n\t":
        return True
    return unicodedata.category(char) not in {"Cc", "Cs"} and char not in "\ufffe\uffff"


def _isolated(text: str) -> str:
    """Keep right-to-left text from reordering the words that stand beside it on its line."""
    if not any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text):
        return text
    return "\n".join(f"{_ISOLATE}{line}{_POP}" if line else "" for line in text.split("\n"))


def _each(values: Mapping[str, object], change: Callable[[str], str]) -> dict[str, object]:
    return {name: _changed(value, change) for name, value in values.items()}


def _changed(value: object, change: Callable[[str], str]) -> object:
    match value:
        case str():
            return change(value)
        case tuple():
            return tuple(_changed(item, change) for item in value)
        case Mapping():
            return _each(value, change)
        case _:
            return value
