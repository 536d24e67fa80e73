"""How cards say counts, durations and severities: one wording everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from comms.incident import Incident, Severity
from comms.moment import moment
from comms.projection import STATUS_LABELS

SEVERITY_HELP: Mapping[Severity, str] = {
    Severity.SEV1: "SEV1 · critical: many cannot work or pay",
    Severity.SEV2: "SEV2 · major: an important part fails",
    Severity.SEV3: "SEV3 · minor: some are affected, work goes on",
    Severity.SEV4: "SEV4 · low: nobody outside notices",
}

_STYLES: Mapping[Severity, str] = {
    Severity.SEV1: "attention",
    Severity.SEV2: "warning",
    Severity.SEV3: "accent",
    Severity.SEV4: "emphasis",
}


def headed(incident: Incident, *, incident_url: str = "") -> dict[str, object]:
    """Return what the head of every card about an incident shows."""
    return {
        "key": incident.key,
        "title": incident.title,
        "severity": incident.severity.value,
        "severity_style": _STYLES[incident.severity] if incident.status.is_open else "good",
        "status": incident.status.value,
        "status_label": STATUS_LABELS[incident.status.value],
        "incident_url": incident_url,
    }


def clock(at: datetime | None, zone: ZoneInfo) -> str:
    """Return a UTC time as '14:30 UTC', or '' for none."""
    return moment(at, zone).clock if at else ""


def people(count: int) -> str:
    """Return '1 person' or '412 people'."""
    return "1 person" if count == 1 else f"{number(count)} people"


def number(count: int) -> str:
    """Return '5 013': a thin space reads as a thousands mark in every language."""
    return f"{count:,}".replace(",", "\u202f")


def duration(span: timedelta) -> str:
    """Return 'under a minute', '14 min' or '2 h 50 min', rounded up."""
    minutes = -int(-span.total_seconds() // 60)
    if minutes <= 1:
        return "under a minute" if span <= timedelta(minutes=1) else "1 min"
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def listed(words: Sequence[str]) -> str:
    """Return 'a', 'a and b' or 'a, b and c'."""
    *most, last = words or ("",)
    return f"{', '.join(most)} and {last}" if most else last
