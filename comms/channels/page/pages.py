"""The pages that customers read, drawn from one state."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from comms.channels.page.notice import Notice, iso, to_json
from comms.channels.page.state import PageState, PublicIncident
from comms.channels.page.writer import LABELS, SENTENCES, by, tone
from comms.moment import Moment, moment
from comms.render import fill

ASSETS = ("style.css", "live.js", "icon.svg")


def html(state: PageState) -> dict[str, bytes]:
    """Return every page by its path: the front page, one for each incident, 404, and how to
    subscribe where one can."""
    shared = _shared(state)
    incidents = {i.id: _incident(state, i) for i in state.incidents}
    front = {
        "open": [incidents[i.id] for i in state.open],
        "recent": [incidents[i.id] for i in state.recent],
        "banner": _banner(state),
    }
    drawn = {
        f"incidents/{name}/index.html": fill("page/incident.html", shared | {"incident": told})
        for name, told in incidents.items()
    }
    drawn["index.html"] = fill("page/index.html", shared | front)
    if state.site.subscribe_url:
        drawn["subscribe/index.html"] = fill("page/subscribe.html", shared)
    drawn["404.html"] = fill("page/missing.html", shared)
    return {path: f"{page}\n".encode() for path, page in drawn.items()}


def being_set_up(state: PageState) -> bytes:
    """Return the front page for the time before anything was published."""
    return f"{fill('page/setup.html', _shared(state))}\n".encode()


def assets() -> dict[str, bytes]:
    """Return the style sheet, the script and the icon, by their paths."""
    folder = files("templates").joinpath("page")
    return {name: folder.joinpath(name).read_bytes() for name in ASSETS}


def version(state: PageState) -> str:
    """Return what changes exactly when a reader would see something else."""
    seen = hashlib.sha256(repr((state.site, asset_versions())).encode())
    for posting in sorted(state.postings, key=lambda p: p.notice.id):
        seen.update(f"{to_json(posting.notice)}\0{posting.html}\0".encode())
    for incident in state.incidents:
        listed = incident in state.recent
        seen.update(f"{incident.id} {incident.is_late(state.now)} {listed}\0".encode())
    return seen.hexdigest()[:16]


@cache
def asset_versions() -> dict[str, str]:
    """Return a short digest for each asset, so that a browser may keep one as long as it likes."""
    return {name: hashlib.sha256(body).hexdigest()[:8] for name, body in assets().items()}


def _shared(state: PageState) -> dict[str, object]:
    return {
        "organisation": state.site.organisation,
        "subscribe_url": state.site.subscribe_url,
        "prefix": state.site.prefix,
        "version": version(state),
        "assets": asset_versions(),
        # The script trusts a browser's clock only where it is not before what is already said.
        "told_at": iso(state.updated_at) if state.postings else "",
    }


def _banner(state: PageState) -> dict[str, str]:
    going_on = state.open
    if not going_on:
        return {"tone": "well", "words": "All systems operational"}
    worst = "open" if any(tone(i.status) == "open" for i in going_on) else "watch"
    if len(going_on) > 1:
        return {"tone": worst, "words": f"We are working on {len(going_on)} problems"}
    return {"tone": worst, "words": SENTENCES[LABELS[going_on[0].status]].rstrip(".")}


def _incident(state: PageState, incident: PublicIncident) -> dict[str, object]:
    def at(when: datetime) -> Moment:
        return moment(when, state.site.time_zone)

    issued = at(incident.latest.issued_at)
    return {
        "id": incident.id,
        "headline": incident.headline,
        "label": LABELS[incident.status],
        "sentence": SENTENCES[LABELS[incident.status]].rstrip("."),
        "tone": tone(incident.status),
        "started": at(incident.started_at),
        "resolved": at(incident.resolved_at) if incident.resolved_at else None,
        "promised": at(incident.promised) if incident.promised else None,
        "promised_words": by(issued, at(incident.promised)) if incident.promised else "",
        "late": incident.is_late(state.now),
        "postings": [
            {
                "number": posting.notice.update,
                # Approved as it is, with everything typed already escaped by the writer.
                "html": Markup(posting.html),  # noqa: S704
                "corrected_in": _number(incident.correction_of(posting.notice)),
            }
            for posting in reversed(incident.postings)
        ],
    }


def _number(notice: Notice | None) -> int | None:
    return notice.update if notice else None
