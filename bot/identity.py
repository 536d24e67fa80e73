"""Who the bot is to Teams, and whom it believes, as the settings say."""

from __future__ import annotations

import aiohttp

from bot.edge.auth import Anonymous, Authenticated, Gate, Trust
from bot.edge.hosts import BOT_FRAMEWORK, LOOPBACK, ServiceHosts
from bot.edge.keys import SigningKeys
from bot.edge.tokens import (
    Certificate,
    Credential,
    EntraTokens,
    ManagedIdentity,
    NoTokens,
    Secret,
    Tokens,
    entra,
)
from bot.settings import Settings


def service_hosts(settings: Settings) -> ServiceHosts:
    """The hosts to which the bot may talk: those named, else Microsoft's; loopback if anonymous."""
    if settings.bot_allowed_service_hosts:
        return ServiceHosts(settings.bot_allowed_service_hosts)
    return ServiceHosts(BOT_FRAMEWORK if settings.bot_app_id else LOOPBACK)


def gate(settings: Settings, session: aiohttp.ClientSession) -> Gate:
    """The check of inbound activities; without an app id only the host of the caller is checked."""
    hosts = service_hosts(settings)
    if not settings.bot_app_id:
        return Anonymous(hosts)
    trust = Trust(
        app_id=settings.bot_app_id,
        tenants=frozenset({settings.bot_tenant_id or ""}),
        openid_metadata_url=settings.bot_openid_metadata_url,
        service_hosts=hosts,
    )
    return Authenticated(trust, SigningKeys(session, settings.bot_openid_metadata_url))


def tokens(settings: Settings) -> Tokens:
    """Where the connector's token comes from."""
    credential = _credential(settings)
    if credential is None or not settings.bot_app_id:
        return NoTokens()
    return EntraTokens(
        entra(
            credential,
            app_id=settings.bot_app_id,
            tenant=settings.bot_tenant_id or "",
            authority=settings.authority_url,
        )
    )


def _credential(settings: Settings) -> Credential | None:
    if settings.bot_secret:
        return Secret(settings.bot_secret.get_secret_value())
    if settings.bot_certificate:
        return Certificate(settings.bot_certificate.get_secret_value())
    if settings.bot_managed_identity:
        return ManagedIdentity(settings.bot_managed_identity)
    return None
