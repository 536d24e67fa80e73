"""The app's own access tokens: one at a time, kept until they are nearly too old."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from comms.errors import SitrepError

EARLY = 300.0
"""Seconds before its expiry at which a token is fetched anew."""


class TokenUnavailable(SitrepError):
    """The authority did not give a token; `detail` carries its code, never a secret."""

    title = "Not signed in to Microsoft Entra ID"
    status = 503


@dataclass(frozen=True)
class Secret:
    """A client secret."""

    value: str = field(repr=False)


@dataclass(frozen=True)
class Certificate:
    """A PEM text that holds the private key and the certificate."""

    pem: str = field(repr=False)


@dataclass(frozen=True)
class ManagedIdentity:
    """A user-assigned managed identity of the machine the bot runs on, by its client id."""

    client_id: str


Credential = Secret | Certificate | ManagedIdentity


class Tokens(Protocol):
    """Where the connector gets its token from."""

    async def token(self) -> str | None:
        """Return an access token that is good for some minutes, or None to send none."""
        ...

    def forget(self) -> None:
        """Fetch anew next time: the last token was refused."""
        ...


class NoTokens:
    """For the simulator, which asks for none."""

    async def token(self) -> None:
        """Return no token."""

    def forget(self) -> None:
        """There is nothing to forget."""


Ask = Callable[[], Mapping[str, Any]]
"""Asks the authority, in a thread; returns its answer."""


class EntraTokens:
    """One app's tokens for one scope: cached until five minutes before they expire.

    Many may ask at once; one request goes out. `ask` is what `bot.edge.entra` makes; `monotonic`
    is in seconds.
    """

    def __init__(self, ask: Ask, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._token = ""
        self._good_until = 0.0
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        """Return the token. Raises TokenUnavailable."""
        if self._token and self._monotonic() < self._good_until:
            return self._token
        async with self._asking:
            if not self._token or self._monotonic() >= self._good_until:
                await self._fetch()
        return self._token

    def forget(self) -> None:
        """Drop the token."""
        self._token = ""

    async def _fetch(self) -> None:
        try:
            answer = await asyncio.to_thread(self._ask)
        except (OSError, ValueError) as failed:
            raise TokenUnavailable(
                f"The authority cannot be reached: {type(failed).__name__}."
            ) from None
        if "access_token" not in answer:
            raise TokenUnavailable(
                f"The authority refused: {answer.get('error', 'no reason given')}."
            )
        lifetime = float(answer.get("expires_in", 0))
        self._token = answer["access_token"]
        self._good_until = self._monotonic() + max(lifetime - EARLY, lifetime / 2)
