"""A statement: what one audience reads by one channel, rendered once, approved and sent as is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from comms.plan.model import ChannelName

PLAIN = "text/plain"
HTML = "text/html"
CARD = "application/vnd.microsoft.card.adaptive"
NOTICE = "application/json"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The rendered text of one update for one audience and channel.

    `parts` maps a media type to its body: mail has text/plain and text/html, Teams a card and
    its text/plain summary, the page a notice (JSON). `thread` is equal for all statements of one
    incident to one audience, for mail threads. Mail's bodies hold the placeholders of
    `comms.channels.mail.placeholders`, filled per recipient; all else is final.
    """

    incident: str
    update: int
    audience: str
    channel: ChannelName
    subject: str
    parts: Mapping[str, str]
    thread: str
    urgent: bool = False


def content_hash(statements: Iterable[Statement]) -> str:
    """Return the SHA-256 (hex) of exactly what would be sent, in whatever order it is given."""
    seen = sorted(
        (s.audience, s.channel.value, s.subject, sorted(s.parts.items())) for s in statements
    )
    return hashlib.sha256(json.dumps(seen, ensure_ascii=False).encode()).hexdigest()
