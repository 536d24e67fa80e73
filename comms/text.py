"""What people type, kept as typed and made harmless for one line, one address, one meter."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from comms.errors import Invalid

LINE_LIMIT = 200
TEXT_LIMIT = 10_000

_BIDI_OPEN = "\u202a\u202b\u202d\u202e"
_BIDI_POP = "\u202c"
_ISOLATE_OPEN = "\u2066\u2067\u2068"
_ISOLATE_POP = "\u2069"
_OPEN = _BIDI_OPEN + _ISOLATE_OPEN
_BIDI = re.compile(f"[{_OPEN}{_BIDI_POP}{_ISOLATE_POP}]")
_SPACE = re.compile(r"\s+")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


def text(value: str, *, pointer: str, limit: int = TEXT_LIMIT) -> str:
    """Return the typed text with its line ends as '\\n' and control characters gone.

    Nothing else is changed: markup stays as typed, each channel escapes it. Invalid when longer
    than `limit` characters; never cut.
    """
    # Most is one line without anything that is not printed: there is nothing to take out of it.
    kept = value.strip() if value.isprintable() else _without_controls(value)
    if len(kept) > limit:
        raise Invalid(
            f"At most {limit:,} characters; this has {len(kept):,}.".replace(",", " "),
            pointer=pointer,
        )
    return balance(kept)


def _without_controls(value: str) -> str:
    return "".join(
        char
        for char in _LINE_END.sub("\n", value)
        if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"}
    ).strip()


def line(value: str, *, pointer: str, limit: int = LINE_LIMIT, required: bool = False) -> str:
    """Return the typed text as a single line; Invalid when it is required and empty."""
    kept = text(value, pointer=pointer, limit=limit)
    if "  " in kept or not kept.isprintable():
        kept = _SPACE.sub(" ", kept).strip()
    if required and not kept:
        raise Invalid("Please fill this in.", pointer=pointer)
    return kept


def link(value: str, *, pointer: str) -> str:
    """Return the typed https address, or '' where there is none; Invalid where it is no such."""
    kept = line(value, pointer=pointer, limit=2000)
    parts = urlsplit(kept)
    if kept and (parts.scheme != "https" or not parts.hostname or parts.username or " " in kept):
        raise Invalid("Give the whole address: https://…", pointer=pointer)
    return kept


def balance(value: str) -> str:
    """Close what right-to-left marks opened, and drop what closes nothing, in each paragraph.

    So they cannot reorder the text around: the Unicode Bidirectional Algorithm (UAX #9) ends an
    embedding only at its pop or at the end of the paragraph, a card and a mail put other text
    into the same paragraph, and a stray pop would end what they isolate.
    """
    if value.isascii() or not _BIDI.search(value):
        return value
    return "\n".join(_balanced(paragraph) for paragraph in value.split("\n"))


def _balanced(paragraph: str) -> str:
    kept: list[str] = []
    stack: list[str] = []
    for char in paragraph:
        if char in _OPEN:
            stack.append(_ISOLATE_POP if char in _ISOLATE_OPEN else _BIDI_POP)
        elif char == _BIDI_POP:
            if stack[-1:] != [_BIDI_POP]:
                continue
            stack.pop()
        elif char == _ISOLATE_POP:
            if _ISOLATE_POP not in stack:
                continue
            # An isolate's end closes the embeddings inside it too (rule X6a).
            while stack.pop() != _ISOLATE_POP:
                pass
        kept.append(char)
    return "".join(kept) + "".join(reversed(stack))


def words(value: str) -> int:
    """How many words a reader reads."""
    return len(value.split())
