"""Writes a letter: from an audience's context to the text and HTML that everybody gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

import mrml
from css_inline import CSSInliner
from jinja2 import TemplateNotFound, UndefinedError

from comms.channels.mail.placeholders import links, placed
from comms.channels.mail.words import words
from comms.errors import Invalid
from comms.incident import Severity
from comms.language import SOURCE
from comms.plan.model import Audience, ChannelName
from comms.projection import Telling
from comms.render import fill, thread
from comms.statement import HTML, PLAIN, Statement

PREHEADER = 140
"""Characters of the content that inboxes show beside the subject."""

_ISOLATE, _POP = "\u2068", "\u2069"
# The scripts that run from right to left (Hebrew to Mende Kikakui and Adlam), and the marks that
# change direction.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff"
    "\u200f\u202a-\u202e\u2066-\u2069]"
)
# What XML cannot hold, and DEL, which placeholders are made of.
_NOT_CARRIED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def write(
    telling: Telling,
    audience: Audience,
    context: Mapping[str, object],
    language: str = SOURCE,
) -> Statement:
    """Return the letter of this update to this audience; Invalid where the plan and the templates
    disagree about what the audience sees. Its fixed words are in `language`."""
    folder, kind = audience.template, telling.update.kind.value
    letter = _clean({**context, **words(context, language), **links(), "language": language})
    plain = _each(letter, _isolated)
    try:
        subject = " ".join(fill(f"{folder}/mail.subject", plain, language).split())
        mjml = fill(
            f"{folder}/{kind}.mail.mjml",
            {**letter, "subject": subject, "preheader": _preheader(letter)},
            language,
        )
        text = fill(f"{folder}/{kind}.mail.txt", plain, language)
    except UndefinedError as error:
        raise Invalid(
            f"The mail of {audience.name} asks for something that this audience does not see:"
            f" {error.message}. Add it to 'sees' in the plan, or change the template."
        ) from error
    except TemplateNotFound as error:
        raise Invalid(
            f"{audience.name} has no template '{error.name}', so it cannot be written to by mail."
            " Take 'mail' out of its channels in the plan."
        ) from error
    return Statement(
        incident=telling.update.incident,
        update=telling.update.number,
        audience=audience.name,
        channel=ChannelName.MAIL,
        subject=subject,
        parts={PLAIN: text + "\n", HTML: _html(mjml)},
        thread=thread(telling.update, audience),
        urgent=context.get("severity") == Severity.SEV1 and not context["is_last"],
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
    """Take out what would break a letter; `comms.text` has left little of it."""
    return _each(context, lambda text: _NOT_CARRIED.sub("", text))


def _isolated(text: str) -> str:
    """Keep right-to-left text from reordering the words that stand beside it on its line."""
    if not _RIGHT_TO_LEFT.search(text):
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
