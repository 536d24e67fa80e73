"""Who may speak to the bot: the check of every inbound activity before anything is processed.

learn.microsoft.com: bot-service/rest-api/bot-framework-rest-connector-authentication
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.edge.hosts import LOOPBACK, ServiceHosts
from bot.edge.keys import SigningKey, SigningKeys
from comms.errors import SitrepError

LEEWAY = 30
"""Seconds by which the channel's clock and ours may differ."""


class Unauthorized(SitrepError):
    """The caller has not shown that it is the channel. `event` says why, for our log only."""

    title = "Not authorised"
    status = 401

    def __init__(self, event: str) -> None:
        super().__init__("This request does not carry a token that this bot accepts.")
        self.event = event


Claims = Mapping[str, Any]
"""What the caller's token says, verified. Empty for an anonymous caller."""


class Gate(Protocol):
    """Decides whether an activity is let in."""

    async def admit(self, authorization: str | None, activity: Mapping[str, Any]) -> Claims:
        """Return the caller's claims, or raise Unauthorized. `activity` is not yet trusted."""
        ...


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whom the bot believes. `tenants` are the only organisations it works for."""

    app_id: str
    tenants: frozenset[str]
    openid_metadata_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    issuers: tuple[str, ...] = ("https://api.botframework.com",)
    service_hosts: ServiceHosts = field(default_factory=ServiceHosts)


class Authenticated:
    """The gate of a deployed bot: the channel's signed token, from a known tenant and host."""

    def __init__(self, trust: Trust, keys: SigningKeys) -> None:
        self._trust = trust
        self._keys = keys
        self._tenants = frozenset(tenant.lower() for tenant in trust.tenants)

    async def admit(self, authorization: str | None, activity: Mapping[str, Any]) -> Claims:
        """Return the token's claims.

        1. the signature, by a key that the channel publishes (RS256 only)
        2. expiry, issuer and audience, all of which must be there
        3. the activity's serviceUrl equals the token's
        4. the key is endorsed for the activity's channel
        5. tenant and host are on our lists
        """
        token = _bearer(authorization)
        key = await self._key_of(token)
        claims = self._verify(token, key)
        service_url = activity.get("serviceUrl")
        if not isinstance(service_url, str) or claims.get("serviceurl") != service_url:
            raise Unauthorized("service_url_differs")
        channel = activity.get("channelId")
        if not isinstance(channel, str) or channel not in key.endorsements:
            raise Unauthorized("channel_not_endorsed")
        named = {tenant.lower() for tenant in _tenants(activity, claims)}
        if not named or not named <= self._tenants:
            raise Unauthorized("tenant_not_allowed")
        if not self._trust.service_hosts.admit(service_url):
            raise Unauthorized("service_host_not_allowed")
        return claims

    async def _key_of(self, token: str) -> SigningKey:
        import jwt  # noqa: PLC0415 - 9 MB with what it brings, for a bot with an identity only

        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Unauthorized("token_malformed") from None
        kid = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(kid, str):
            raise Unauthorized("token_algorithm")
        key = await self._keys.find(kid)
        if key is None:
            raise Unauthorized("token_key_unknown")
        return key

    def _verify(self, token: str, key: SigningKey) -> Claims:
        import jwt  # noqa: PLC0415 - as above

        try:
            claims: Claims = jwt.decode(
                token,
                key.public,
                algorithms=["RS256"],
                audience=self._trust.app_id,
                issuer=list(self._trust.issuers),
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as refused:
            raise Unauthorized(f"token_{type(refused).__name__}") from None
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise Unauthorized("token_malformed") from None
        return claims


class Anonymous:
    """The gate of development and the demo: no token, but only a simulator on this machine."""

    def __init__(self, hosts: ServiceHosts = ServiceHosts(LOOPBACK)) -> None:  # noqa: B008 (frozen)
        self._hosts = hosts

    async def admit(self, authorization: str | None, activity: Mapping[str, Any]) -> Claims:
        """Return no claims; refuse a serviceUrl that is not on the list."""
        service_url = activity.get("serviceUrl")
        if not isinstance(service_url, str) or not self._hosts.admit(service_url):
            raise Unauthorized("service_host_not_allowed")
        return {}


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("token_missing")
    return token.strip()


def _tenants(activity: Mapping[str, Any], claims: Claims) -> Iterator[str]:
    """Every tenant that the activity or its token names: all of them must be ours."""
    conversation, data = activity.get("conversation"), activity.get("channelData")
    tenant = data.get("tenant") if isinstance(data, dict) else None
    for holder, key in ((conversation, "tenantId"), (tenant, "id"), (claims, "tid")):
        if isinstance(holder, Mapping) and isinstance(named := holder.get(key), str):
            yield named
