"""What a plan may promise of its mail: no more than the relay carries to a single reader."""

from __future__ import annotations

from datetime import timedelta

from comms.incident import Severity
from comms.plan.document import Document, Path
from comms.plan.duration import written
from comms.plan.model import ChannelName
from comms.plan.schema import AudienceEntry


def check_tempo(name: str, entry: AudienceEntry, found: Document, mail_rate: float | None) -> None:
    """Add to the document's problems each promise that a single mail would be too slow for."""
    if not entry.enabled or not mail_rate or ChannelName.MAIL not in entry.channels:
        return
    takes = timedelta(seconds=1 / mail_rate)
    table: Path = ("audiences", name, "cadence")
    said: dict[Path, timedelta | None] = {
        (*table, severity.value, "every"): getattr(entry.cadence, severity.value).every
        for severity in Severity
    } | {
        (*table, "when", number, "every"): case.every
        for number, case in enumerate(entry.cadence.when)
    }
    for at, every in said.items():
        if every is not None and every < takes:
            found.problem(
                f"{written(every)} is below what mail can keep: at 'mail_rate' a single one takes"
                f" {_minutes(takes)}",
                found.values[at],
                at,
            )


def _minutes(length: timedelta) -> str:
    """Return the time rounded up to minutes, as a plan writes it."""
    return written(timedelta(minutes=-(-length // timedelta(minutes=1))))
