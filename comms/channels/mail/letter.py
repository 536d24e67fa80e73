"""A letter: its subject, its HTML and its text, filled from templates that say the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import TypeGuard

import mrml
import structlog
from css_inline import CSSInliner

from comms.brand import Brand
from comms.channels.mail.placeholders import NAMES, links, placed, split
from comms.channels.mail.times import is_time, own
from comms.errors import Invalid
from comms.language import SOURCE, direction
from comms.moment import Moment
from comms.overrides import NONE, Overrides
from comms.plan.model import Plan
from comms.render import fill
from comms.statement import HTML, PLAIN

log = structlog.get_logger()

PREHEADER = 140
"""Characters of the content that inboxes show beside the subject."""

_ISOLATE, _POP = "\u2068", "\u2069"
# The scripts that run from right to left (Hebrew to Mende Kikakui and Adlam), and the marks that
# change direction.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff"
    "\u200f\u202a-\u202e\u2066-\u2069]"
)
_LEFT = re.compile(r"<(mj-[a-z-]+)")
_LETTER = re.compile(r"[^\W\d_]")
# What XML cannot hold, and DEL, which placeholders are made of.
_NOT_CARRIED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What a reader gets. `parts` has text/plain and text/html, both with the placeholders of
    `comms.channels.mail.placeholders`."""

    subject: str
    parts: Mapping[str, str]


def letter(
    source: str,
    context: Mapping[str, object],
    language: str = SOURCE,
    *,
    plan: Plan | None = None,
    subject: str,
    opening: str,
    sentences: Callable[[Mapping[str, object]], Mapping[str, object]] = lambda _told: {},
    mark: str = "",
) -> Letter:
    """Return the letter of the templates `source`.mail.mjml and `source`.mail.txt, its subject
    from the template `subject` with `mark` in front of it. Its fixed words are in `language`.

    `opening` is what inboxes show beside the subject. Moments become each reader's own; then
    `sentences` adds what it makes of the context. To this come the plan's `brand`, the recipient's
    own links (`seen`, `manage`, `unsubscribe`), `language`, `direction`, and for HTML `subject` and
    `preheader`. Where the organisation's own templates fail, the shipped letter takes their place;
    the shipped ones' errors pass through: an undefined field, a template that is not there.
    """
    typed = _timed(_clean(context))
    reads = direction(language)
    told = {
        "only_in": "",
        **typed,
        **sentences(typed),
        **links(),
        "brand": asdict(plan.brand if plan else Brand()),
        "language": language,
        "direction": reads,
    }

    def filled(overrides: Overrides) -> Letter:
        return _filled(source, subject, told, language, overrides, opening=opening, mark=mark)

    own = plan.overrides if plan else NONE
    if not own.files or own.strict:
        return filled(own)
    try:
        return filled(own)
    except Exception as wrong:  # noqa: BLE001 (somebody else's template may fail in any way)
        log.warning("letter.override_failed", letter=source, why=str(wrong))
        own.troubles[source] = str(wrong)
    return filled(NONE)


def _filled(
    source: str,
    subject: str,
    told: Mapping[str, object],
    language: str,
    overrides: Overrides,
    *,
    opening: str,
    mark: str,
) -> Letter:
    plain = _isolated(told, str(told["direction"]))
    # A subject in a right-to-left language needs no marks: it has a line to itself.
    named = plain if told["direction"] == "ltr" else told
    words = fill(subject, named, language, overrides).split()
    line = " ".join([mark, *words]).strip()
    # MJML makes an attribute of the title, in which mrml cannot write these marks.
    title = line.replace(_ISOLATE, "").replace(_POP, "")
    shown = {**told, "subject": title, "preheader": _preheader(opening)}
    text = fill(f"{source}.mail.txt", plain, language, overrides)
    html = _html(fill(f"{source}.mail.mjml", shown, language, overrides), overrides)
    return Letter(
        subject=line,
        parts={
            PLAIN: _sound(text.rstrip("\n") + "\n", f"{source}.mail.txt"),
            HTML: _sound(html, f"{source}.mail.mjml"),
        },
    )


def _sound(part: str, template: str) -> str:
    """Return the part; Invalid where a token was changed, so that nothing would be filled in."""
    odd = [name for name in split(part)[1::2] if name not in NAMES and not is_time(name)]
    if odd:
        raise Invalid(f"{template} changes what a reader's own link or time is filled in for.")
    return part


def _html(mjml: str, overrides: Overrides) -> str:
    try:
        html = mrml.to_html(mjml).content
    except OSError as error:  # what mrml raises for text that is no MJML
        raise Invalid(f"The MJML cannot be read: {error}.") from error
    if unknown := _LEFT.findall(html):
        raise Invalid(f"There is no MJML element {', '.join(dict.fromkeys(unknown))}.")
    return _inliner(overrides).inline(placed(html))


@cache
def _inliner(overrides: Overrides) -> CSSInliner:
    # Only the letters' own rules are inlined: MJML has written out its own, and the style elements
    # stay as they are for the @media rules. Nothing is ever loaded from elsewhere.
    return CSSInliner(
        inline_style_tags=False,
        extra_css=fill("mail/letter.css", {}, overrides=overrides),
        keep_style_tags=True,
        load_remote_stylesheets=False,
    )


def _preheader(opening: str) -> str:
    line = " ".join(_NOT_CARRIED.sub("", opening).split())
    return line if len(line) <= PREHEADER else f"{line[: PREHEADER - 1]}…"


def _clean(context: Mapping[str, object]) -> dict[str, object]:
    """Take out what would break a letter; `comms.text` has left little of it."""
    return _each(context, lambda value: _NOT_CARRIED.sub("", value) if _is_text(value) else value)


def _timed(context: Mapping[str, object]) -> dict[str, object]:
    """Put each reader's own times in place of the plan's."""
    return _each(context, lambda value: own(value) if isinstance(value, Moment) else value)


def _isolated(context: Mapping[str, object], reads: str) -> dict[str, object]:
    """Keep text of the other direction from reordering the words that stand beside it.

    A URL is left as it is: mail clients would take the marks as part of it. What a catalogue in a
    right-to-left language has around a text of ours is isolated there already.
    """

    def isolated(value: object) -> object:
        if not _is_text(value) or not _is_foreign(value, reads):
            return value
        return "\n".join(f"{_ISOLATE}{line}{_POP}" if line else "" for line in value.split("\n"))

    return _each(context, isolated)


def _is_foreign(text: str, reads: str) -> bool:
    has_right_to_left = _RIGHT_TO_LEFT.search(text) is not None
    if reads == "ltr":
        return has_right_to_left
    return not has_right_to_left and _LETTER.search(text) is not None and "://" not in text


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _each(values: Mapping[str, object], change: Callable[[object], object]) -> dict[str, object]:
    return {name: _changed(value, change) for name, value in values.items()}


def _changed(value: object, change: Callable[[object], object]) -> object:
    match value:
        case tuple():
            return tuple(_changed(item, change) for item in value)
        case Mapping():
            return _each(value, change)
        case _:
            return change(value)
