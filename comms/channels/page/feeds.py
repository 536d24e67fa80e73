"""The feeds: Atom (RFC 4287), an entry per incident; JSON Feed 1.1, an item per notice."""

from __future__ import annotations

import json
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from comms.channels.page.notice import headline, iso
from comms.channels.page.state import PageState, Posting, PublicIncident, Site
from comms.channels.page.writer import LABELS

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 50
ITEMS = 100
"""Feeds carry so many incidents and notices; the pages of older incidents stay."""


def atom(state: PageState) -> bytes:
    """Return `/history.atom`: an incident's entry holds all its notices, the newest first."""
    site = state.site
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _put(feed, "id", f"{_tag(site)}:history")
    SubElement(feed, "link", rel="alternate", type="text/html", href=f"{site.url}/")
    SubElement(
        feed, "link", rel="self", type="application/atom+xml", href=f"{site.url}/history.atom"
    )
    _put(feed, "title", f"{site.organisation} status")
    _put(feed, "updated", iso(state.updated_at))
    _put(SubElement(feed, "author"), "name", site.organisation)
    newest = sorted(state.incidents, key=lambda i: (i.latest.issued_at, i.id), reverse=True)
    for incident in newest[:ENTRIES]:
        _entry(feed, site, incident)
    indent(feed)
    return bytes(tostring(feed, encoding="utf-8", xml_declaration=True)) + b"\n"


def _entry(feed: Element, site: Site, incident: PublicIncident) -> None:
    entry = SubElement(feed, "entry")
    _put(entry, "id", f"{_tag(site)}:incident/{incident.id}")
    _put(entry, "published", iso(incident.started_at))
    _put(entry, "updated", iso(incident.latest.issued_at))
    SubElement(
        entry, "link", rel="alternate", type="text/html", href=site.incident_url(incident.id)
    )
    _put(entry, "title", f"{LABELS[incident.status]}: {incident.headline}")
    content = _put(entry, "content", "\n".join(p.html for p in reversed(incident.postings)))
    content.set("type", "html")


def _put(parent: Element, name: str, text: str) -> Element:
    made = SubElement(parent, name)
    made.text = text
    return made


def _tag(site: Site) -> str:
    # A tag URI (RFC 4151) stays equal when the page moves from http to https.
    parts = urlsplit(site.url)
    return f"tag:{parts.hostname},2026:{parts.path or '/'}"


def json_feed(state: PageState, *, version: str) -> bytes:
    """Return `/feed.json`.

    `_sitrep` of the feed carries the snapshot's version, that of an item what a program wants to
    know: {incident, update, kind, status, next_update, corrects}.
    """
    site = state.site
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{site.organisation} status",
        "home_page_url": f"{site.url}/",
        "feed_url": f"{site.url}/feed.json",
        "language": "en",
        "authors": [{"name": site.organisation}],
        "_sitrep": {"version": version},
        "items": [_item(site, posting) for posting in state.postings[:ITEMS]],
    }
    return (json.dumps(feed, ensure_ascii=False, indent=1) + "\n").encode()


def _item(site: Site, posting: Posting) -> dict[str, object]:
    notice = posting.notice
    return {
        "id": f"{_tag(site)}:notice/{notice.id}",
        "url": f"{site.incident_url(notice.incident)}#update-{notice.update}",
        "title": f"{LABELS[notice.status]}: {headline(notice.symptom, notice.status)}",
        "content_html": posting.html,
        "content_text": posting.text,
        "date_published": iso(notice.issued_at),
        "_sitrep": {
            "incident": notice.incident,
            "update": notice.update,
            "kind": notice.kind.value,
            "status": notice.status.value,
            "next_update": iso(notice.next_update) if notice.next_update else None,
            "corrects": notice.corrects,
        },
    }
