"""The snapshot in memory: each file ready to be sent, exchanged when the directory changes."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from comms.channels.page import feeds, folder, pages
from comms.channels.page.snapshot import kept_site
from comms.channels.page.state import Site, page_state
from comms.errors import SitrepError

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".atom": "application/atom+xml; charset=utf-8",
    ".json": "application/json; charset=utf-8",
}

SMALL = 400
"""Bytes below which compressing does not pay."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file ready to be sent; `zipped` is None where that would not be shorter."""

    digest: str
    type: str
    body: bytes
    zipped: bytes | None

    @property
    def is_data(self) -> bool:
        """True for feeds and the API, which scripts of other sites may read."""
        return "json" in self.type or "atom" in self.type


@dataclass(frozen=True, slots=True)
class Shelf:
    """All files of one snapshot by their paths; `manifest` is what they were read by.

    `manage_url` is the site's: where readers choose what they receive.
    """

    items: Mapping[str, Item]
    manifest: Mapping[str, str]
    manage_url: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The files that are not, or not yet, as the manifest names them."""
        return tuple(
            path
            for path, digest in self.manifest.items()
            if path not in self.items or self.items[path].digest != digest
        )


EMPTY = Shelf(items={}, manifest={})


def read(directory: Path, before: Shelf = EMPTY) -> Shelf:
    """Return what the directory holds now.

    A file that is not what the manifest says (a writer is at work, or was killed at it) stays as
    it was `before`; where there was none, the one that is about to come is taken. Without a
    manifest all stays as it was before. Nothing is raised.
    """
    manifest = folder.listed(directory)
    if not manifest:
        return before
    coming = folder.listed(directory, folder.NEXT)
    items = {}
    for path, digest in manifest.items():
        held = before.items.get(path)
        if held is None or held.digest != digest:
            held = (
                _item(directory, path, digest) or held or _item(directory, path, coming.get(path))
            )
        if held is not None:
            items[path] = held
    return Shelf(items=items, manifest=manifest, manage_url=_manage_url(directory))


def being_set_up() -> Shelf:
    """Return what is served before anything was ever published: it claims nothing of services."""
    site = Site(organisation="Service", time_zone=ZoneInfo("UTC"), url="http://localhost")
    state = page_state(site, datetime.fromtimestamp(0, UTC), ())
    files = {
        **pages.assets(),
        "history.atom": feeds.atom(state),
        "feed.json": feeds.json_feed(state, version=""),
        "index.html": pages.being_set_up(state),
        "404.html": pages.html(state)["404.html"],
    }
    return Shelf(items={path: prepared(path, body) for path, body in files.items()}, manifest={})


def prepared(path: str, body: bytes) -> Item:
    """Return a file's content ready to be sent."""
    suffix = path[path.rindex(".") :] if "." in path else ""
    zipped = gzip.compress(body, 9, mtime=0) if len(body) > SMALL else None
    return Item(
        digest=folder.digest(body),
        type="application/feed+json" if path == "feed.json" else TYPES.get(suffix, "text/plain"),
        body=body,
        zipped=zipped if zipped and len(zipped) < len(body) else None,
    )


def _manage_url(directory: Path) -> str:
    try:
        return kept_site(directory).manage_url
    except SitrepError:
        return ""


def _item(directory: Path, path: str, digest: str | None) -> Item | None:
    body = folder.read_listed(directory, path, digest) if digest else None
    return prepared(path, body) if body is not None else None
