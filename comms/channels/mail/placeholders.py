"""The few things in a letter that differ from recipient to recipient.

A written part holds tokens between DEL characters. Typed text cannot contain DEL: it is a control
character, which `comms.text` and the writer take out, while XML and HTML may carry it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

SEEN = "seen"
"""The acknowledgement link: 'I have seen this'."""

MANAGE = "manage"
"""Where a subscriber chooses what to receive."""

UNSUBSCRIBE = "unsubscribe"
"""Where a subscriber stops it; takes RFC 8058's one-click POST."""

NAMES = (SEEN, MANAGE, UNSUBSCRIBE)
"""What templates know."""

BY_MAIL = "unsubscribe_by_mail"
"""The same as a mailto URL, for the header only (RFC 2369)."""

ATTENDEE, ORGANISER = "attendee", "organiser"
"""Who is invited by this letter, and who invites: in its calendar part only."""

_VALUE = re.compile(r"\x7f=(\w+)\x7f")
_BLOCK = re.compile(r"\x7f\+(\w+)\x7f\n?(.*?)\x7f-\1\x7f\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Link:
    """A link as templates write it: `begin` and `end` hold what goes when there is no link."""

    name: str

    @property
    def begin(self) -> str:
        """Opens the block that only makes sense with the link."""
        return f"\x7f+{self.name}\x7f"

    @property
    def url(self) -> str:
        """Where the recipient's own URL will stand."""
        return token(self.name)

    @property
    def href(self) -> str:
        """The same inside MJML; `placed` makes a `url` of it."""
        return f"sitrep:{self.name}"

    @property
    def end(self) -> str:
        """Closes the block."""
        return f"\x7f-{self.name}\x7f"


def token(name: str) -> str:
    """Return what stands for the value of that name until it is filled in."""
    return f"\x7f={name}\x7f"


def fill(part: str, value: Callable[[str], str | None]) -> str:
    """Return the part with the value of each token; one that has none (None) stays."""

    def filled(found: re.Match[str]) -> str:
        given = value(found[1])
        return found[0] if given is None else given

    return _VALUE.sub(filled, part)


def links() -> Mapping[str, Link]:
    """The placeholders, by the names under which templates know them."""
    return {name: Link(name) for name in NAMES}


def placed(html: str) -> str:
    """Return what mrml has made of a letter, with a placeholder in each `href`.

    It writes DEL in attributes as an escape, though not in text. What people type cannot look
    like this attribute: their quotation marks are still entities here.
    """
    for link in links().values():
        html = html.replace(f'href="{link.href}"', f'href="{link.url}"')
    return html


def settle(part: str, given: Iterable[str]) -> str:
    """Return the part with the blocks of absent links cut out and the others opened."""
    known = frozenset(given)
    return _BLOCK.sub(lambda block: block[2] if block[1] in known else "", part)


def split(part: str) -> list[str]:
    """Return text and placeholder names in turn: text, name, text, …, text."""
    return _VALUE.split(part)


def asks(part: str, name: str) -> bool:
    """True where the part has a place for that link."""
    return Link(name).url in part


def without(part: str, name: str) -> str:
    """Return the part without the block of that link, whoever reads it."""
    return _BLOCK.sub(lambda block: "" if block[1] == name else block[0], part)


def linked(part: str) -> str:
    """Return the part with every block, and '#seen' for a recipient's own link."""
    return fill(settle(part, NAMES), lambda name: f"#{name}")
