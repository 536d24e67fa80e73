"""Asks Entra ID for tokens, with msal. Loaded for an app with an identity only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import msal
import requests
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from bot.edge.hosts import LOOPBACK
from bot.edge.tokens import Ask, Certificate, Credential, ManagedIdentity, Secret
from comms.errors import Invalid

PUBLIC_CLOUD = "https://login.microsoftonline.com"
TIMEOUT = 15.0
PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----")


def entra(
    credential: Credential,
    *,
    app_id: str,
    tenant: str,
    authority: str = PUBLIC_CLOUD,
    scope: str,
) -> Ask:
    """Return what asks Entra ID for a token of this app.

    Nothing is sent before it is called. Raises Invalid where the settings cannot work.
    """
    if isinstance(credential, ManagedIdentity):
        return _managed_identity(credential, scope)
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
