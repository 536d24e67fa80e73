"""The live state document of an incident: all of it on one internal page.

Whoever holds the signed link may read it: it is on the war room's cards and in internal mails.
"""

from __future__ import annotations

import hashlib

from aiohttp import web

from bot.api import Access
from bot.links import Links
from bot.told import incident_told
from comms.desk import Desk
from comms.errors import NotFound, SitrepError
from comms.people import Person
from comms.render import fill

READER = Person(name="Reader of the incident page")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'self' https://teams.microsoft.com"
        " https://*.cloud.microsoft"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "private, no-cache",
}

PURPOSE = "incident"


def incident_page_routes(desk: Desk, links: Links, access: Access) -> list[web.RouteDef]:
    """Return the routes of the page and of what it loads."""

    async def page(request: web.Request) -> web.Response:
        key = request.match_info["key"].upper()
        try:
            _admit(request, key, links, access)
            context = await desk.read(incident_told, READER, "web", key)
        except SitrepError as wrong:
            return _html(wrong.status, fill("incident/refused.html", {"wrong": wrong}))
        text = fill("incident/page.html", context)
        etag = hashlib.sha256(text.encode()).hexdigest()[:24]
        if request.headers.get("If-None-Match") == f'"{etag}"':
            return web.Response(status=304, headers=HEADERS)
        return _html(200, text, etag=etag)

    async def style(_request: web.Request) -> web.Response:
        return web.Response(text=fill("incident/style.css", {}), content_type="text/css")

    async def script(_request: web.Request) -> web.Response:
        return web.Response(text=fill("incident/live.js", {}), content_type="text/javascript")

    return [
        web.get("/incidents/assets/style.css", style),
        web.get("/incidents/assets/live.js", script),
        web.get("/incidents/{key}", page),
    ]


def incident_url(links: Links, key: str) -> str:
    """The signed link to an incident's page; '' where the product has no public address."""
    return links.signed(f"incidents/{key}", PURPOSE, key)


def _admit(request: web.Request, key: str, links: Links, access: Access) -> None:
    if links.is_signed(PURPOSE, key, request.query.get("t", "")):
        return
    if access.is_open or "Authorization" in request.headers:
        access.admit(request.headers.get("Authorization"))
        return
    raise NotFound("Open this page from a card in the war room: its link carries a key.")


def _html(status: int, text: str, *, etag: str = "") -> web.Response:
    headers = HEADERS | ({"ETag": f'"{etag}"'} if etag else {})
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)
