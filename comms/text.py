"""What people type, kept as typed and made harmless for one line, one address, one meter."""

from __future__ import annotations

import re
import unicodedata

from comms.errors import Invalid

LINE_LIMIT = 200
TEXT_LIMIT = 10_000

_BIDI_OPEN = "\u202a\u202b\u202d\u202e"
_BIDI_POP = "\u202c"
_ISOLATE_OPEN = "\u2066\u2067\u2068"
_ISOLATE_POP = "\u2069"
_SPACE = re.compile(r"\s+")


def text(value: str, *, pointer: str, limit: int = TEXT_LIMIT) -> str:
    """Return the typed text with its line ends as '\\n' and control characters gone.

    Nothing else is changed: markup stays as typed, each channel escapes it. Invalid when longer
    than `limit` characters; never cut.
    """
    kept = "".join(
        char
        for char in value.replace("\r\n", "\n").replace("\r", "\n")
        if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"}
    ).strip()
    if len(kept) > limit:
        raise Invalid(
            f"At most {limit:,} characters; this has {len(kept):,}.".replace(",", " "),
            pointer=pointer,
        )
    return balance(kept)


def line(value: str, *, pointer: str, limit: int = LINE_LIMIT, required: bool = False) -> str:
    """Return the typed text as a single line; Invalid when it is required and empty."""
    kept = _SPACE.sub(" ", text(value, pointer=pointer, limit=limit)).strip()
    if required and not kept:
        raise Invalid("Please fill this in.", pointer=pointer)
    return kept


def balance(value: str) -> str:
    """Close what right-to-left marks opened, so that they cannot reorder the text around.

    The Unicode Bidirectional Algorithm (UAX #9) ends an embedding only at its pop or at the end
    of the paragraph; a card and a mail put other text into the same paragraph.
    """
    balanced = []
    for paragraph in value.split("\n"):
        stack: list[str] = []
        for char in paragraph:
            if char in _BIDI_OPEN:
                stack.append(_BIDI_POP)
            elif char in _ISOLATE_OPEN:
                stack.append(_ISOLATE_POP)
            elif stack and char == stack[-1]:
                stack.pop()
        balanced.append(paragraph + "".join(reversed(stack)))
    return "\n".join(balanced)


def words(value: str) -> int:
    """How many words a reader reads."""
    return len(value.split())
