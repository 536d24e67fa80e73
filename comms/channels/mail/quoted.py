"""Quoted-printable (RFC 2045, section 6.7) with values that stand on source lines of their own."""

from __future__ import annotations

import re
from binascii import b2a_qp

SOFT = b"=\r\n"

_LITERAL = re.compile(r"[!-\-/-<>-~][!-<>-~]{0,74}")
"""What stands as it is on a source line of its own: most URLs do."""


def quote(text: str) -> bytes:
    """Return the text in lines of at most 76 characters; its own line ends become CRLF."""
    return b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")


def quote_open(text: str) -> bytes:
    """Return the text so that whatever follows begins a source line, yet not a line of text.

    A soft line break ends it, unless it is empty or ends with a line end of its own. Text and
    values that are quoted this way can be joined without looking at them again.
    """
    if _LITERAL.fullmatch(text):
        return text.encode() + SOFT
    # A stand-in for what follows: it makes room for the '=' and keeps a last space from being
    # quoted as the end of a line.
    quoted = quote(f"{text}x")[:-1]
    return quoted if not quoted or quoted.endswith(b"\n") else quoted + SOFT
