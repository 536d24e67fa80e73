"""The bot's own access tokens, fetched with msal."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from bot.edge.hosts import LOOPBACK
from comms.errors import Invalid, SitrepError

BOT_FRAMEWORK_SCOPE = "https://api.botframework.com/.default"
PUBLIC_CLOUD = "https://login.microsoftonline.com"
EARLY = 300.0
"""Seconds before its expiry at which a token is fetched anew."""
TIMEOUT = 15.0
PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----")


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
"""Asks the authority, in a thread; returns msal's answer."""


class EntraTokens:
    """One app's tokens for one scope: cached until five minutes before they expire.

    Many may ask at once; one request goes out. `ask` is `entra(...)`; `monotonic` is in seconds.
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


def entra(
    credential: Credential,
    *,
    app_id: str,
    tenant: str,
    authority: str = PUBLIC_CLOUD,
    scope: str = BOT_FRAMEWORK_SCOPE,
) -> Ask:
    """Return what asks Entra ID for a token of this app.

    Nothing is sent before it is called. Raises Invalid where the settings cannot work.
    """
    if isinstance(credential, ManagedIdentity):
        return _managed_identity(credential, scope)
    import msal  # noqa: PLC0415 - for an app with an identity only

    http, shown = _http(authority), _msal_credential(credential)

    def ask() -> Mapping[str, Any]:
        # A fresh client each time: its constructor already talks to the authority, and a token
        # that was refused must not come back from its cache.
        client = msal.ConfidentialClientApplication(
            app_id,
            client_credential=shown,
            authority=f"https://{authority.partition('://')[2].rstrip('/')}/{tenant}",
            instance_discovery=False,
            http_client=http,
        )
        answer: Mapping[str, Any] = client.acquire_token_for_client(scopes=[scope])
        return answer

    return ask


def _managed_identity(credential: ManagedIdentity, scope: str) -> Ask:
    import msal  # noqa: PLC0415 - as above

    identity = msal.UserAssignedManagedIdentity(client_id=credential.client_id)

    def ask() -> Mapping[str, Any]:
        client = msal.ManagedIdentityClient(identity, http_client=_session())
        answer: Mapping[str, Any] = client.acquire_token_for_client(
            resource=scope.removesuffix("/.default")
        )
        return answer

    return ask


def _msal_credential(credential: Secret | Certificate) -> str | dict[str, str]:
    if isinstance(credential, Secret):
        return credential.value
    blocks = [m[0] for m in PEM_BLOCK.finditer(credential.pem)]
    keys = [block for block in blocks if "PRIVATE KEY-----" in block]
    chain = [block for block in blocks if "CERTIFICATE-----" in block]
    if len(keys) != 1 or not chain:
        raise Invalid("The certificate must be a PEM text of one private key and its certificate.")
    return {"private_key": keys[0], "public_certificate": "\n".join(chain)}


class _Timely(HTTPAdapter):
    """Requests that end."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send with a time limit."""
        kwargs["timeout"] = kwargs.get("timeout") or TIMEOUT
        return super().send(request, *args, **kwargs)


class _PlainLoopback(_Timely):
    """Speaks plain http with an authority on this machine: msal itself insists on https."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send to the http address; name it https again in what comes back."""
        secure = request.url or ""
        request.url = secure.replace("https://", "http://", 1)
        response = super().send(request, *args, **kwargs)
        response.raw = BytesIO(response.raw.read().replace(b"http://", b"https://"))
        return response


def _session(*, plain: bool = False) -> requests.Session:
    session = requests.Session()
    session.mount("https://", _PlainLoopback() if plain else _Timely())
    session.mount("http://", _Timely())  # where managed identities are given out
    return session


def _http(authority: str) -> requests.Session:
    url = urlsplit(authority)
    if url.scheme == "http" and url.hostname in LOOPBACK:
        return _session(plain=True)
    if url.scheme != "https":
        raise Invalid("The authority must be an https address.")
    return _session()
