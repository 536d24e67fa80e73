"""The links that a letter has for its one reader, and what answers them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from urllib.parse import quote

from aiohttp import web

from bot.choosing import MANAGE, choosing_routes
from bot.links import Links
from bot.seen import seen_routes
from bot.subscribing import subscribing_routes
from bot.unsubscribing import UNSUBSCRIBE, unsubscribing_routes
from comms.channels.mail import placeholders
from comms.delivery import Delivery
from comms.desk import Desk

PURPOSES = {
    placeholders.SEEN: "seen",
    placeholders.MANAGE: MANAGE,
    placeholders.UNSUBSCRIBE: UNSUBSCRIBE,
}


def letter_links(links: Links, delivery: Delivery, *, stop_by_mail: str = "") -> Mapping[str, str]:
    """Return a reader's own URLs by the names in `placeholders`; none without a public address.

    `stop_by_mail` is the mailbox that takes unsubscriptions too, or ''.
    """
    return OwnLinks(links, str(delivery.id), stop_by_mail) if links.base_url else {}


class OwnLinks(Mapping[str, str]):
    """A reader's own URLs. Each is made when it is asked for: few letters hold all of them."""

    __slots__ = ("_links", "_stop_by_mail", "_subject")

    def __init__(self, links: Links, subject: str, stop_by_mail: str) -> None:
        self._links = links
        self._subject = subject
        self._stop_by_mail = stop_by_mail

    def __getitem__(self, name: str) -> str:
        if name == placeholders.BY_MAIL and self._stop_by_mail:
            return self._mailto()
        return self._links.make(PURPOSES[name], self._subject)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def _names(self) -> tuple[str, ...]:
        return (*PURPOSES, placeholders.BY_MAIL) if self._stop_by_mail else tuple(PURPOSES)

    def _mailto(self) -> str:
        token = self[placeholders.UNSUBSCRIBE].rpartition("/")[2]
        words = quote(f"unsubscribe {token}")
        return f"mailto:{parseaddr(self._stop_by_mail)[1]}?subject={words}"


def letter_routes(desk: Desk, links: Links) -> list[web.RouteDef]:
    """Return the routes of all the links in letters."""
    return [
        *seen_routes(desk, links),
        *choosing_routes(desk, links),
        *unsubscribing_routes(desk, links),
        *subscribing_routes(desk, links),
    ]
