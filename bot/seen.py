"""'I have seen this': the link in a mail, and the button behind it.

Mail scanners open every link, so opening it changes nothing; only the button does.
"""

from __future__ import annotations

from aiohttp import web

from bot.links import Links
from comms.acts.acknowledging import acknowledge
from comms.desk import Desk
from comms.errors import SitrepError
from comms.people import Person
from comms.render import fill

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


def seen_routes(desk: Desk, links: Links) -> list[web.RouteDef]:
    """Return the routes of the acknowledgement link."""

    async def ask(request: web.Request) -> web.Response:
        try:
            links.read("seen", request.match_info["token"])
        except SitrepError as wrong:
            return _page(wrong.status, heading=wrong.title, words=wrong.detail)
        return _page(200, heading="Have you seen this update?", words="", ask=True)

    async def record(request: web.Request) -> web.Response:
        try:
            delivery = int(links.read("seen", request.match_info["token"]))
            row = await desk.do(acknowledge, Person(name="Recipient"), "mail", delivery)
        except SitrepError as wrong:
            return _page(wrong.status, heading=wrong.title, words=wrong.detail)
        words = f"Update {row.update} is marked as seen. You can close this page."
        return _page(200, heading="Thank you", words=words)

    async def style(_request: web.Request) -> web.Response:
        return web.Response(text=fill("seen/style.css", {}), content_type="text/css")

    return [
        web.get("/seen/style.css", style),
        web.get("/seen/{token}", ask),
        web.post("/seen/{token}", record),
    ]


def _page(status: int, *, heading: str, words: str, ask: bool = False) -> web.Response:
    text = fill("seen/page.html", {"heading": heading, "words": words, "ask": ask})
    return web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)
