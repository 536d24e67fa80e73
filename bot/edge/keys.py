"""The channel's signing keys, as its OpenID metadata publishes them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog

log = structlog.get_logger(__name__)

FRESH = 24 * 3600.0
"""Seconds after which the keys are read again, which is how long Microsoft asks to cache them."""
REFRESHES, PER = 5, 60.0
"""Unknown key ids may cause this many refreshes in that many seconds, whoever sends them."""
TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True)
class SigningKey:
    """One public key, and the channels that it may sign for."""

    public: Any
    endorsements: frozenset[str]


class SigningKeys:
    """Finds a key by its id; an id it does not know is looked up anew, at a limited rate.

    `monotonic` is a clock in seconds. A metadata document that cannot be read leaves the keys
    as they were.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        metadata_url: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._metadata_url = metadata_url
        self._monotonic = monotonic
        self._keys: dict[str, SigningKey] = {}
        self._read_at = -FRESH
        self._refreshes: deque[float] = deque(maxlen=REFRESHES)
        self._reading = asyncio.Lock()

    async def find(self, kid: str) -> SigningKey | None:
        """Return the key of that id, or None where the channel does not publish it."""
        key = self._keys.get(kid)
        if key is None or self._monotonic() - self._read_at >= FRESH:
            await self._refresh(kid)
        return self._keys.get(kid)

    async def _refresh(self, kid: str) -> None:
        seen = self._keys
        async with self._reading:
            if self._keys is not seen or not self._may_refresh():
                return  # another request has just read them, or too many have asked
            try:
                self._keys = await self._read()
                self._read_at = self._monotonic()
            except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError):
                log.warning("signing_keys_unavailable", known=len(self._keys))

    def _may_refresh(self) -> bool:
        now = self._monotonic()
        if len(self._refreshes) == REFRESHES and now - self._refreshes[0] < PER:
            log.warning("signing_keys_refresh_limited")
            return False
        self._refreshes.append(now)
        return True

    async def _read(self) -> dict[str, SigningKey]:
        metadata = await self._get(self._metadata_url)
        published = await self._get(metadata["jwks_uri"])
        return dict(filter(None, map(_signing_key, published["keys"])))

    async def _get(self, url: str) -> dict[str, Any]:
        async with self._session.get(url, timeout=TIMEOUT, raise_for_status=True) as response:
            # Azure has served the key set as text/plain.
            document = await response.json(content_type=None)
        if not isinstance(document, dict):
            raise TypeError(url)
        return document


def _signing_key(published: Mapping[str, Any]) -> tuple[str, SigningKey] | None:
    import jwt  # noqa: PLC0415 - 9 MB with what it brings, for a bot with an identity only

    try:
        public = jwt.PyJWK(dict(published), algorithm="RS256").key
        endorsements = frozenset(published.get("endorsements") or ())
        return published["kid"], SigningKey(public, endorsements)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        return None  # a key of another kind beside ours is no reason to refuse ours
