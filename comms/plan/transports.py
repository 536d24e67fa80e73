"""What a plan may say of mail's transports: names that exist, no inside one for outsiders."""

from __future__ import annotations

from collections.abc import Mapping

from comms.plan.document import Document, Path
from comms.plan.model import ChannelName
from comms.plan.problem import nearest
from comms.plan.schema import AudienceEntry

Transports = Mapping[str, bool]
"""The names of mail's transports, the one that is taken by default first; True: inside only."""

NONE: Transports = {}
"""Nobody knows which there are."""


def check_transports(
    name: str, entry: AudienceEntry, found: Document, transports: Transports
) -> None:
    """Add to the document's problems what an audience in use cannot have."""
    if not entry.enabled or not transports:
        return
    for place, transport in enumerate(entry.mail):
        at: Path = ("audiences", name, "mail", place)
        if transport not in transports:
            found.problem(
                f"there is no transport {transport!r}.{nearest(transport, transports)}"
                f" Known: {', '.join(transports)}.",
                found.values[at],
                at,
            )
        elif entry.external and transports[transport]:
            found.problem(f"{transport} {_INSIDE}{_others(transports)}", found.values[at], at)
    default = next(iter(transports))
    if entry.external and not entry.mail and _is_mailed(entry) and transports[default]:
        at = ("audiences", name, "channels")
        found.problem(
            f"{default}, by which mail goes where 'mail' names no transport, {_INSIDE}"
            f"{_others(transports)}",
            found.keys[at],
            at,
        )


_INSIDE = "reaches only people inside the organisation, and these are outside."


def _is_mailed(entry: AudienceEntry) -> bool:
    return ChannelName.MAIL in (*entry.channels, *entry.failover.values())


def _others(transports: Transports) -> str:
    """Name those that would do."""
    names = [name for name, is_internal in transports.items() if not is_internal]
    return f" Name another: {', '.join(names)}." if names else " Set up another."
