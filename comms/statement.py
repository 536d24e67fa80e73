"""A statement: what one audience reads by one channel, rendered once, approved and sent as is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from comms.language import SOURCE, nearest
from comms.plan.model import ChannelName

PLAIN = "text/plain"
HTML = "text/html"
CARD = "application/vnd.microsoft.card.adaptive"
NOTICE = "application/json"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A statement's words in another of the audience's languages."""

    subject: str
    parts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The rendered text of one update for one audience and channel.

    `parts` maps a media type to its body: mail has text/plain and text/html, Teams a card and
    its text/plain summary, the page a notice (JSON). `thread` is equal for all statements of one
    incident to one audience, for mail threads. Mail's bodies hold the placeholders of
    `comms.channels.mail.placeholders`, filled per recipient; all else is final.

    `subject` and `parts` are in `language`, the plan's; `versions` holds the audience's other
    languages (BCP 47). Who has no time zone reads times in `time_zone` (IANA), the plan's.
    """

    incident: str
    update: int
    audience: str
    channel: ChannelName
    subject: str
    parts: Mapping[str, str]
    thread: str
    urgent: bool = False
    language: str = SOURCE
    time_zone: str = "UTC"
    versions: Mapping[str, Version] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """All that it is written in (BCP 47), the plan's first."""
        return (self.language, *self.versions)

    def in_each(self) -> tuple[Statement, ...]:
        """Return it in each of its languages."""
        return tuple(self.read_in(language) for language in self.languages)

    def read_in(self, language: str) -> Statement:
        """Return the statement in the nearest language that it has, without other versions.

        Who reads none of them, or has no language (''), reads the plan's.
        """
        found = nearest(language, self.languages) or self.language
        version = self.versions.get(found)
        if version is None:
            return replace(self, versions={})
        return replace(
            self,
            language=found,
            subject=version.subject,
            parts=version.parts,
            versions={},
        )


def content_hash(statements: Iterable[Statement]) -> str:
    """Return the SHA-256 (hex) of exactly what would be sent, in whatever order it is given."""
    seen = sorted(
        (
            s.audience,
            s.channel.value,
            s.language,
            s.time_zone,
            s.subject,
            sorted(s.parts.items()),
            sorted((name, v.subject, sorted(v.parts.items())) for name, v in s.versions.items()),
        )
        for s in statements
    )
    return hashlib.sha256(json.dumps(seen, ensure_ascii=False).encode()).hexdigest()
