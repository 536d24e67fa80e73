"""The links that a letter has for its one reader, and what answers them."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr
from urllib.parse import quote

from aiohttp import web

from bot.choosing import MANAGE, choosing_routes
from bot.links import Links
from bot.seen import seen_routes
from bot.unsubscribing import UNSUBSCRIBE, unsubscribing_routes
from comms.channels.mail import placeholders
from comms.delivery import Delivery
from comms.desk import Desk


def letter_links(links: Links, delivery: Delivery, *, stop_by_mail: str = "") -> Mapping[str, str]:
    """Return a reader's own URLs by the names in `placeholders`; none without a public address.

    `stop_by_mail` is the mailbox that takes unsubscriptions too, or ''.
    """
    subject = str(delivery.id)
    seen = links.make("seen", subject)
    if not seen:
        return {}
    stop = links.make(UNSUBSCRIBE, subject)
    own = {
        placeholders.SEEN: seen,
        placeholders.MANAGE: links.make(MANAGE, subject),
        placeholders.UNSUBSCRIBE: stop,
    }
    if stop_by_mail:
        words = quote(f"unsubscribe {stop.rpartition('/')[2]}")
        own[placeholders.BY_MAIL] = f"mailto:{parseaddr(stop_by_mail)[1]}?subject={words}"
    return own


def letter_routes(desk: Desk, links: Links) -> list[web.RouteDef]:
    """Return the routes of all the links in letters."""
    return [
        *seen_routes(desk, links),
        *choosing_routes(desk, links),
        *unsubscribing_routes(desk, links),
    ]
