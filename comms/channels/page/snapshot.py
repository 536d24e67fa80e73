"""The snapshot: everything that customers read, drawn from the kept notices and written out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from comms.channels.page import api, feeds, folder, pages
from comms.channels.page.notice import from_json, to_json
from comms.channels.page.state import PageState, Posting, Site, page_state
from comms.errors import Conflict, Invalid, NotFound

log = structlog.get_logger(__name__)

NOTICES = "notices"
SITE = "site.json"


def draw(state: PageState) -> dict[str, bytes]:
    """Return every public file by its path: equal for equal states."""
    return {
        **pages.assets(),
        **pages.html(state),
        **api.documents(state),
        "history.atom": feeds.atom(state),
        "feed.json": feeds.json_feed(state, version=pages.version(state)),
    }


def publish(directory: Path, site: Site, postings: Iterable[Posting], *, now: datetime) -> None:
    """Keep these postings in the directory and write the snapshot of all it then holds.

    A posting that is there already changes nothing; Conflict where the same update of the same
    incident is there with other words. Raises OSError when the directory cannot be written; the
    old snapshot is then still whole. Safe to run from several processes at once.
    """
    with folder.locked(directory):
        for posting in postings:
            _keep(directory, posting)
        folder.replace_file(directory, SITE, _site_json(site))
        folder.replace_all(directory, draw(page_state(site, now, kept(directory))))


def refresh(directory: Path, site: Site, *, now: datetime) -> None:
    """Write the snapshot again, for what only time changes: promises that are late now."""
    publish(directory, site, (), now=now)


def export(source: Path, target: Path, *, now: datetime, url: str = "") -> None:
    """Write another snapshot directory from what `source` keeps, for the address `url` if given.

    NotFound where `source` is no snapshot directory.
    """
    site = kept_site(source)
    moved = replace(site, url=url or site.url)
    publish(target, moved, kept(source), now=now)


def kept(directory: Path) -> list[Posting]:
    """Return every posting that the directory keeps, in the order of their names.

    One that cannot be read stays where it is, is logged, and holds up none of the others.
    """
    return [
        posting
        for path in sorted(directory.joinpath(NOTICES).glob("*.json"))
        if (posting := _posting(path)) is not None
    ]


def kept_site(directory: Path) -> Site:
    """Return whose page the directory holds; NotFound where it is no snapshot directory."""
    path = directory / SITE
    try:
        held = json.loads(path.read_bytes())
        return Site(
            organisation=held["organisation"],
            time_zone=ZoneInfo(held["time_zone"]),
            url=held["url"],
            subscribe_url=str(held.get("subscribe_url", "")),
            manage_url=str(held.get("manage_url", "")),
        )
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise NotFound(
            f"{directory} is no snapshot directory: {path.name} cannot be read ({wrong})."
        ) from wrong


def _keep(directory: Path, posting: Posting) -> None:
    name = f"{NOTICES}/{posting.notice.id}.json"
    there = _posting(directory / name) if (directory / name).is_file() else None
    if there is None:
        folder.replace_file(directory, name, _posting_json(posting))
    elif there != posting:
        raise Conflict(f"Update {posting.notice.update} is on the page already with other words.")


def _posting_json(posting: Posting) -> bytes:
    held = {
        "notice": json.loads(to_json(posting.notice)),
        "html": posting.html,
        "text": posting.text,
    }
    return (json.dumps(held, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _posting(path: Path) -> Posting | None:
    try:
        held = json.loads(path.read_bytes())
        notice = from_json(json.dumps(held["notice"]))
        return Posting(notice=notice, html=str(held["html"]), text=str(held["text"]))
    except (ValueError, KeyError, TypeError, Invalid) as wrong:
        log.error("notice_unreadable", path=str(path), reason=str(wrong))
        return None


def _site_json(site: Site) -> bytes:
    held = {
        "organisation": site.organisation,
        "time_zone": site.time_zone.key,
        "url": site.url,
        "subscribe_url": site.subscribe_url,
        "manage_url": site.manage_url,
    }
    return (json.dumps(held, ensure_ascii=False, indent=1) + "\n").encode()
