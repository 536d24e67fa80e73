"""Pages for readers of letters: what all of them share.

They set no cookie and load nothing from elsewhere. The link is what lets somebody in, so it is
given to nobody else: no referrer, no cache, no index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from comms.errors import SitrepError
from comms.language import SOURCE, direction, nearest, spoken, translations
from comms.render import fill

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def page(
    template: str, context: Mapping[str, object], *, language: str = SOURCE, status: int = 200
) -> web.Response:
    """Return a page of the folder `choices`, in the language nearest to the one wanted."""
    spoken_as = nearest(language or SOURCE, spoken()) or SOURCE
    told = {**context, "language": spoken_as, "direction": direction(spoken_as)}
    text = fill(f"choices/{template}.html", told, spoken_as)
    return web.Response(status=status, text=text, content_type="text/html", headers=HEADERS)


def message(
    organisation: str,
    heading: str,
    *lines: str,
    language: str = SOURCE,
    status: int = 200,
    button: str = "",
    link: tuple[str, str] | None = None,
) -> web.Response:
    """Return a page that says one thing, with a button that posts or a link (URL and words)."""
    shown = {"url": link[0], "text": link[1]} if link else None
    context = {
        "organisation": organisation,
        "heading": heading,
        "lines": lines,
        "button": button,
        "link": shown,
    }
    return page("message", context, language=language, status=status)


def refused(organisation: str, wrong: SitrepError) -> web.Response:
    """Return a page that says what is wrong, with its status."""
    return message(organisation, wrong.title, wrong.detail, status=wrong.status)


def speech(language: str) -> tuple[str, Callable[[str], str]]:
    """Return the language of the pages for a reader of that one, and how words are said in it."""
    spoken_as = nearest(language or SOURCE, spoken()) or SOURCE
    return spoken_as, translations(spoken_as).gettext
