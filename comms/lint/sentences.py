"""A text in sentences: what a rule says of one must not come from two."""

from __future__ import annotations

import re

# A full stop ends a sentence before a space only: 'db1.internal' and '3.5' go on.
_END = re.compile(r"(?<=[.!?;:])\s+|(?<=[。！？؟])\s*|\n+")
_SHORT = re.compile(r"\b(?:a\.m|p\.m|approx|e\.g|i\.e|z\.B|ca|etc|Mr|Mrs|Dr|St|No|Nr)\.\s+$")


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text, without the space around them."""
    found: list[str] = []
    begin = 0
    for end in _END.finditer(text):
        if not _SHORT.search(text[begin : end.end()]):
            found.append(text[begin : end.start()])
            begin = end.end()
    found.append(text[begin:])
    return tuple(one.strip() for one in found if one.strip())
