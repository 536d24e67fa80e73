"""An iCalendar feed, fetched: over https, from outside hosts, only when it has changed.

Its address is often the only secret that guards a calendar. It stands in no message and no log.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from bot.edge.hosts import LOOPBACK
from bot.settings import Settings
from bot.sources.down import SourceDown
from comms.errors import Invalid
from comms.rota import LIMIT
from comms.source import FeedCopy

PATIENCE = aiohttp.ClientTimeout(total=30, sock_connect=10)
REDIRECTS = 3
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Feeds:
    """Where the calendars of rotas are. `by_name` are those that the settings name; `hosts` may
    have addresses inside the network, and those on this machine may speak plain http."""

    by_name: Mapping[str, str] = field(default_factory=dict, repr=False)
    hosts: Collection[str] = ()


def feeds(lines: str, hosts: Collection[str] = ()) -> Feeds:
    """Read lines `name=https://…`. Invalid names the line, and never what stands in it."""
    by_name: dict[str, str] = {}
    for number, line in enumerate(lines.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, is_given, address = (part.strip() for part in line.partition("="))
        if not is_given or not name or name in by_name:
            raise Invalid(
                f"SITREP_ROTA_FEEDS: line {number} is no `name=https://…` of a rota of its own."
            )
        by_name[name] = address.replace("webcal://", "https://", 1)
        try:
            _checked(URL(by_name[name]), hosts)
        except (SourceDown, ValueError):
            raise Invalid(f"SITREP_ROTA_FEEDS: line {number} has no https address.") from None
    return Feeds(by_name=by_name, hosts=hosts)


def feeds_of(settings: Settings) -> Feeds:
    """Return the calendars that the settings name."""
    lines = settings.rota_feeds.get_secret_value() if settings.rota_feeds else ""
    return feeds(lines, settings.rota_hosts)


class FeedReader:
    """Fetches calendars; `close` it at the end."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, name: str, feed: str, kept: FeedCopy | None) -> FeedCopy | None:
        """Return the calendar of a rota, None where it is the one that is kept.

        `feed` is the plan's address of it, or ''. SourceDown says why it cannot be had.
        """
        address = feed or self._feeds.by_name.get(name, "")
        if not address:
            raise SourceDown(
                f"The rota {name} has no feed: name it in the plan, or in SITREP_ROTA_FEEDS."
            )
        origin = sha256(address.encode()).hexdigest()[:16]
        same = kept if kept is not None and kept.origin == origin else None
        try:
            return await self._follow(URL(address), origin, same)
        except TimeoutError:
            raise SourceDown(f"{_host(address)} does not answer in time.") from None
        except aiohttp.ClientConnectorDNSError as failure:
            inside = isinstance(failure.os_error, _InsideHostError)
            why = "is an address inside the network" if inside else "is no host that is known"
            raise SourceDown(f"{_host(address)} {why}.") from None
        except (aiohttp.ClientError, ValueError) as failure:
            # Its words may name the address.
            raise SourceDown(
                f"{_host(address)} cannot be reached ({type(failure).__name__})."
            ) from None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _follow(self, url: URL, origin: str, same: FeedCopy | None) -> FeedCopy | None:
        for _ in range(REDIRECTS + 1):
            _checked(url, self._feeds.hosts)
            async with self._opened().get(
                url, headers=_asked(same), allow_redirects=False, timeout=PATIENCE
            ) as answer:
                if answer.status == 304 and same is not None:
                    return None
                if answer.status in {301, 302, 303, 307, 308} and "Location" in answer.headers:
                    url = url.join(URL(answer.headers["Location"]))
                    continue
                if answer.status != 200:
                    raise _refusal(url, answer)
                return FeedCopy(
                    origin=origin,
                    body=await _body(answer),
                    etag=answer.headers.get("ETag", "")[:200],
                    modified=answer.headers.get("Last-Modified", "")[:100],
                )
        raise SourceDown(f"{url.host} sends us from one address to the next.")

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_OutsideResolver(self._feeds.hosts), use_dns_cache=False
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept": "text/calendar", "User-Agent": "Sitrep"},
            )
        return self._session


class _InsideHostError(OSError):
    """A name leads to an address inside the network."""


class _OutsideResolver(AbstractResolver):
    """Finds hosts, but for those inside the network that are not allowed by name.

    It is asked for the very connection that is opened: a name cannot change its mind in between.
    """

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = allowed
        self._found = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host."""
        found = await self._found.resolve(host, port, family)
        if host not in self._allowed and any(_is_inside(one["host"]) for one in found):
            raise _InsideHostError(host)
        return found

    async def close(self) -> None:
        """Let go of what it holds."""
        await self._found.close()


def _checked(url: URL, allowed: Collection[str]) -> None:
    """Refuse what is not https, and addresses inside the network, which no resolver sees."""
    host = url.host or ""
    is_own = host in LOOPBACK and host in allowed
    if not host or url.user or (url.scheme != "https" and not (url.scheme == "http" and is_own)):
        raise SourceDown("A feed is read over https only.")
    if host not in allowed and (host in LOOPBACK or _is_inside(host)):
        raise SourceDown(f"{host} is an address inside the network.")


def _is_inside(host: str) -> bool:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return not mapped.is_global or mapped.is_multicast


def _host(address: str) -> str:
    return URL(address).host or "The feed"


def _asked(same: FeedCopy | None) -> dict[str, str]:
    if same is None:
        return {}
    asked = {"If-None-Match": same.etag, "If-Modified-Since": same.modified}
    return {name: value for name, value in asked.items() if value}


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LIMIT:
            raise SourceDown(f"The calendar has more than {LIMIT // 1024 // 1024} MB.")
    return body


def _refusal(url: URL, answer: aiohttp.ClientResponse) -> SourceDown:
    given = answer.headers.get("Retry-After", "")
    again = timedelta(seconds=int(given)) if given.isdecimal() and len(given) < 7 else None
    return SourceDown(
        f"{url.host} answers {answer.status}.", again=min(again, LONGEST_PAUSE) if again else None
    )
