"""The Teams app package: the manifest of one installation and its icons, in one zip."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from manifest.icons import ACCENT, colour_icon, outline_icon


@dataclass(frozen=True, kw_only=True)
class App:
    """One installation. `id` is the bot's app id (a GUID), `url` where Sitrep is reached (https).

    `version` is a semantic version. `developer` is shown as the publisher (at most 32
    characters), `website` behind it.
    """

    id: str
    url: str
    version: str
    developer: str
    website: str


def manifest(app: App) -> dict[str, Any]:
    """Return the manifest (schema v1.29), without a permission: the bot reads what mentions it."""
    shipped: dict[str, Any] = json.loads(
        files("manifest").joinpath("app.json").read_text(encoding="utf-8")
    )
    (bot,), (extension,) = shipped["bots"], shipped["composeExtensions"]
    return shipped | {
        "id": app.id,
        "version": app.version,
        "developer": {
            "name": app.developer,
            "websiteUrl": app.website,
            "privacyUrl": app.website,
            "termsOfUseUrl": app.website,
        },
        "accentColor": ACCENT,
        "bots": [{"botId": app.id} | bot],
        "composeExtensions": [{"botId": app.id} | extension],
        "validDomains": [urlsplit(app.url).hostname],
    }


def package(app: App) -> bytes:
    """Return the zip that Teams takes; the same app gives the same bytes."""
    content = {
        "manifest.json": json.dumps(manifest(app), indent=2, ensure_ascii=False).encode(),
        "color.png": colour_icon(),
        "outline.png": outline_icon(),
    }
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, body in content.items():
            # ZipInfo's own date, not today's: nothing but the content may change the bytes.
            archive.writestr(ZipInfo(name), body, compress_type=ZIP_DEFLATED)
    return buffer.getvalue()
