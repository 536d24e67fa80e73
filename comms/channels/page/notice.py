"""A notice: an approved update as customers read it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from comms.errors import Invalid
from comms.incident import Incident, Status
from comms.text import balance
from comms.update import Kind

HEADLINE_LIMIT = 90
"""Characters of a headline: about two lines on a phone."""

# What neither XML 1.0 nor HTML can carry: https://www.w3.org/TR/xml/#charsets
_UNPRINTABLE = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One approved update on the status page. All that it holds is public.

    `incident` is the public id (see `public_id`), `update` the update's number. Times are UTC,
    in whole seconds. `next_update` is what was promised in it, `corrects` the number of the
    earlier update that it puts right. `remark` is what sets it apart from an ordinary one.
    """

    incident: str
    update: int
    kind: Kind
    status: Status
    symptom: str
    scope: str = ""
    workaround: str = ""
    issued_at: datetime
    next_update: datetime | None = None
    corrects: int | None = None
    remark: str = ""

    @property
    def id(self) -> str:
        """Unique among all notices, and safe in a URL and a file name."""
        return f"{self.incident}-{self.update}"


def public_id(incident: Incident) -> str:
    """Return how customers' links name the incident: 12 characters of a-z and 2-7.

    The key counts all incidents, also those that customers are never told of, so it stays inside.
    The exact moment of declaration, printed nowhere, keeps the key from being guessed back.
    """
    declared = incident.declared_at.astimezone(UTC).isoformat(timespec="microseconds")
    digest = hashlib.sha256(f"notice:{incident.key}:{declared}".encode()).digest()
    return base64.b32encode(digest).decode()[:12].lower()


def headline(symptom: str, status: Status) -> str:
    """Return one short line that names the problem: the symptom's first words."""
    first = next((line.strip() for line in symptom.splitlines() if line.strip()), "")
    if not first:
        return "Resolved" if not status.is_open else "A problem with our service"
    if len(first) <= HEADLINE_LIMIT:
        return first.removesuffix(".") if not first.endswith("..") else first
    cut = first[:HEADLINE_LIMIT]
    return balance(f"{cut.rsplit(None, 1)[0] if ' ' in cut else cut}…")


def printable(text: str) -> str:
    """Return the text with every character that no page or feed can carry shown as U+FFFD."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", lines)


def to_json(notice: Notice) -> str:
    """Return the notice as JSON with sorted keys; times are RFC 3339 in UTC."""
    held = asdict(notice) | {
        "issued_at": iso(notice.issued_at),
        "next_update": iso(notice.next_update) if notice.next_update else None,
    }
    return json.dumps(held, ensure_ascii=False, sort_keys=True)


def from_json(source: str | bytes) -> Notice:
    """Return the notice that `to_json` wrote; Invalid when it is anything else."""
    try:
        held = json.loads(source)
        return Notice(
            incident=_public(held["incident"]),
            update=int(held["update"]),
            kind=Kind(held["kind"]),
            status=Status(held["status"]),
            symptom=str(held["symptom"]),
            scope=str(held["scope"]),
            workaround=str(held["workaround"]),
            issued_at=_utc(held["issued_at"]),
            next_update=_utc(held["next_update"]) if held["next_update"] else None,
            corrects=int(held["corrects"]) if held["corrects"] is not None else None,
            remark=str(held.get("remark", "")),
        )
    except (ValueError, KeyError, TypeError) as wrong:
        raise Invalid(f"This is not a notice: {wrong!r}.") from wrong


def iso(at: datetime) -> str:
    """Return a UTC time as RFC 3339, in whole seconds: '2026-11-21T14:30:00Z'."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _public(value: str) -> str:
    # It becomes a file name and a URL.
    if not re.fullmatch(r"[a-z0-9]{1,40}", value):
        raise ValueError(f"{value!r} is no public id")
    return value


def _utc(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return at.astimezone(UTC)
