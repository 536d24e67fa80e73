"""Who the app is to Teams and to a relay, and whom it believes, as the settings say."""

from __future__ import annotations

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.api import Access
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
)
from bot.settings import Settings
from comms.channels.mail.relay import Auth, Relay
from comms.errors import Invalid

BOT_FRAMEWORK_SCOPE = "https://api.botframework.com/.default"
"""The connector of Teams."""

EXCHANGE_SCOPE = "https://outlook.office365.com/.default"
"""Exchange Online's SMTP, to which the app logs in as itself, by its permission SMTP.SendAsApp.

learn.microsoft.com: "Authenticate an IMAP, POP or SMTP connection using OAuth"
"""


def access(settings: Settings) -> Access:
    """Who may call the API."""
    return Access(token=_read(settings.api_token), inbound=_read(settings.inbound_token))


AZURE_SCOPE = "https://communication.azure.com/.default"
"""Azure Communication Services."""


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
    return _tokens(settings, BOT_FRAMEWORK_SCOPE) or NoTokens()


def graph_tokens(settings: Settings, name: str) -> Tokens:
    """Where the token comes from by which the mail transport of that name calls Graph.

    Raises Invalid where the app has no identity to ask with.
    """
    return _asked(settings, _graph(settings), f"The transport {name!r} calls Graph as the app")


def group_tokens(settings: Settings) -> EntraTokens:
    """Where the token comes from with which groups are read.

    Raises Invalid where the app has no identity to ask with.
    """
    return _asked(settings, _graph(settings), "A group's people are read by Graph as the app")


def azure_tokens(settings: Settings, name: str) -> Tokens:
    """Where the token comes from by which the mail transport of that name calls Azure.

    Raises Invalid where the app has no identity to ask with.
    """
    return _asked(settings, AZURE_SCOPE, f"The transport {name!r} calls Azure as the app")


def mail_tokens(settings: Settings, name: str, to: Relay) -> EntraTokens | None:
    """Where an XOAUTH2 login's token comes from; None: no token is asked for.

    Raises Invalid where the relay wants one and the app has no identity to ask with.
    """
    if to.auth is not Auth.XOAUTH2:
        return None
    why = f"The transport {name!r} logs in with a token of the app (auth=xoauth2)"
    return _asked(settings, EXCHANGE_SCOPE, why)


def letterbox_tokens(settings: Settings, *, by_graph: bool) -> EntraTokens:
    """Where the token comes from with which the bounces' mailbox is read, by Graph or by IMAP.

    Raises Invalid where the app has no identity to ask with.
    """
    why = "SITREP_BOUNCES_URL names a mailbox that is read with a token of the app"
    return _asked(settings, _graph(settings) if by_graph else EXCHANGE_SCOPE, why)


def _asked(settings: Settings, scope: str, why: str) -> EntraTokens:
    granted = _tokens(settings, scope)
    if granted is None:
        raise Invalid(
            f"{why}: set SITREP_BOT_APP_ID, SITREP_BOT_TENANT_ID and one of its credentials."
        )
    return granted


def _graph(settings: Settings) -> str:
    # The root names the cloud: graph.microsoft.com, or a national one.
    return f"{URL(settings.graph_url).origin()}/.default"


def _read(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _tokens(settings: Settings, scope: str) -> EntraTokens | None:
    credential = _credential(settings)
    if credential is None or not settings.bot_app_id:
        return None
    from bot.edge.entra import entra  # noqa: PLC0415 - msal and requests, for an identity only

    return EntraTokens(
        entra(
            credential,
            app_id=settings.bot_app_id,
            tenant=settings.bot_tenant_id or "",
            authority=settings.authority_url,
            scope=scope,
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
