"""Updates of each kind, as the tests show them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from comms.incident import Severity, Status
from comms.update import Kind, Update

OVER = {Kind.RESOLVED: Status.RESOLVED, Kind.REVIEW: Status.REVIEWED}
"""The status that these kinds tell of; the others go with any that is open."""


def as_kind(update: Update, kind: Kind) -> Update:
    """Return the update as one of this kind, with what goes with it."""
    return replace(
        update,
        kind=kind,
        status=OVER.get(kind, update.status),
        promises={} if kind in OVER else update.promises,
        corrects=2 if kind is Kind.CORRECTION else None,
        severity_was=_another(update.severity) if kind is Kind.SEVERITY else None,
        unchanged_since=(
            update.drafted_at - timedelta(minutes=30) if kind is Kind.NO_CHANGE else None
        ),
    )


def _another(severity: Severity) -> Severity:
    return Severity.SEV2 if severity is not Severity.SEV2 else Severity.SEV3
