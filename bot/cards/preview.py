"""The preview: what every audience would read, how many they are, and the button that approves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from bot.cards.views import Preview
from bot.cards.wording import duration, headed, listed, people
from comms.channels.teams.card import fill_card
from comms.incident import Incident
from comms.update import Update

_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def preview_card(
    *, incident: Incident, update: Update, previews: Sequence[Preview], incident_url: str = ""
) -> dict[str, object]:
    """Return the card to approve. Its actions carry the hash of exactly what it shows.

    A blocking finding of any audience leaves only 'Edit'.
    """
    blocked = any(finding.blocks for preview in previews for finding in preview.findings)
    context = headed(incident, incident_url=incident_url) | {
        "fallback": f"{incident.key} update {update.number} awaits approval",
        "number": update.number,
        "drafted_by": update.drafted_by.name,
        "hash": update.hash,
        "short_hash": short_hash(update.hash),
        "estimate": _estimate(previews),
        "blocked": blocked,
        "previews": [
            {
                "audience": preview.audience,
                "channels": listed(preview.channels),
                "counts": _counts(preview),
                "findings": [
                    {"message": finding.message, "blocks": finding.blocks}
                    for finding in preview.findings
                ],
                "paragraphs": _BLANK_LINES.split(preview.text.strip()),
                "awaits": _awaits(preview),
            }
            for preview in previews
        ],
    }
    return fill_card("cards/preview.json", context)


def short_hash(digest: str) -> str:
    """Return the first eight digits, by which people compare two drafts."""
    return digest[:8]


def _estimate(previews: Sequence[Preview]) -> str:
    total = sum(preview.recipients for preview in previews)
    longest = max((p.eta for p in previews if p.eta), default=timedelta())
    if longest:
        return f"To {people(total)}, {duration(longest)} at the relay’s limit"
    return f"To {people(total)}"


def _counts(preview: Preview) -> str:
    parts = [people(preview.recipients)]
    if preview.eta:
        parts.append(duration(preview.eta))
    if preview.suppressed:
        parts.append(f"{preview.suppressed} left out on purpose")
    return " · ".join(parts)


def _awaits(preview: Preview) -> str:
    if not preview.awaits:
        return ""
    return f"Needs the approval of: {listed(tuple(role.label for role in preview.awaits))}"
