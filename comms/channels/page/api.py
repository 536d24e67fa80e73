"""The documents of the Statuspage API v2, so that existing clients read this page too."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from comms.channels.page.notice import iso
from comms.channels.page.state import PageState, Posting, PublicIncident, Site
from comms.incident import Status

LISTED = 50
"""The API lists at most so many incidents."""

IMPACT = "minor"
"""Severity is internal, so an open incident claims no more than that there is one."""

STATUSES = {
    Status.TRIAGE: "investigating",
    Status.DECLARED: "investigating",
    Status.INVESTIGATING: "investigating",
    Status.IDENTIFIED: "identified",
    Status.MONITORING: "monitoring",
    Status.RESOLVED: "resolved",
    Status.REVIEWED: "resolved",
    Status.CLOSED: "resolved",
}


def documents(state: PageState) -> dict[str, bytes]:
    """Return every document by its path below the page's root."""
    page = {"page": _page(state)}
    status = {"status": _status(state)}
    ordered = sorted(state.incidents, key=lambda i: (i.started_at, i.id), reverse=True)
    told = [_incident(state.site, incident) for incident in ordered]
    going_on = [incident for incident in told if incident["status"] != "resolved"]
    none_planned: dict[str, object] = {"scheduled_maintenances": []}
    made = {
        "status": page | status,
        "summary": page | status | {"components": [], "incidents": going_on} | none_planned,
        "components": page | {"components": []},
        "incidents": page | {"incidents": told[:LISTED]},
        "incidents/unresolved": page | {"incidents": going_on[:LISTED]},
        "scheduled-maintenances": page | none_planned,
        "scheduled-maintenances/active": page | none_planned,
        "scheduled-maintenances/upcoming": page | none_planned,
    }
    return {f"api/v2/{name}.json": _bytes(document) for name, document in made.items()}


def _bytes(document: object) -> bytes:
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _page(state: PageState) -> dict[str, object]:
    site = state.site
    return {
        "id": _page_id(site),
        "name": site.organisation,
        "url": site.url,
        "time_zone": site.time_zone.key,
        "updated_at": iso(state.updated_at),
    }


def _page_id(site: Site) -> str:
    return hashlib.sha256(site.url.encode()).hexdigest()[:12]


def _status(state: PageState) -> dict[str, object]:
    count = len(state.open)
    if not count:
        return {"indicator": "none", "description": "All systems operational"}
    return {
        "indicator": IMPACT,
        "description": "1 open incident" if count == 1 else f"{count} open incidents",
    }


def _incident(site: Site, incident: PublicIncident) -> dict[str, object]:
    return {
        "id": incident.id,
        "name": incident.headline,
        "status": STATUSES[incident.status],
        "created_at": iso(incident.started_at),
        "started_at": iso(incident.started_at),
        "updated_at": iso(incident.latest.issued_at),
        "monitoring_at": _maybe(incident.monitoring_at),
        "resolved_at": _maybe(incident.resolved_at),
        "impact": IMPACT,
        "shortlink": site.incident_url(incident.id),
        "page_id": _page_id(site),
        "components": [],
        "incident_updates": [_update(posting) for posting in reversed(incident.postings)],
    }


def _update(posting: Posting) -> dict[str, object]:
    notice = posting.notice
    issued = iso(notice.issued_at)
    return {
        "id": notice.id,
        "incident_id": notice.incident,
        "status": STATUSES[notice.status],
        "body": posting.text,
        "created_at": issued,
        "updated_at": issued,
        "display_at": issued,
        "affected_components": [],
    }


def _maybe(at: datetime | None) -> str | None:
    return iso(at) if at else None
