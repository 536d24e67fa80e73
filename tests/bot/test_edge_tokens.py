"""The bot's own tokens, from a real msal against an authority on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bot.edge.entra import entra
from bot.edge.tokens import (
    EARLY,
    Certificate,
    EntraTokens,
    ManagedIdentity,
    Secret,
    TokenUnavailable,
)
from bot.identity import BOT_FRAMEWORK_SCOPE as SCOPE
from comms.errors import Invalid
from tests.bot.authority import Authority, an_authority
from tests.bot.channel import APP_ID, TENANT, new_key, serving


@pytest_asyncio.fixture
async def authority() -> AsyncIterator[Authority]:
    async with an_authority() as authority:
        yield authority


def tokens_of(
    authority: Authority, credential: Secret | Certificate, now: list[float]
) -> EntraTokens:
    ask = entra(credential, app_id=APP_ID, tenant=TENANT, scope=SCOPE, authority=authority.url)
    return EntraTokens(ask, monotonic=lambda: now[0])


async def test_a_secret_gets_a_token_for_the_connector(authority: Authority) -> None:
    tokens = tokens_of(authority, Secret("s3cret"), [0.0])
    assert await tokens.token() == "access-1"
    (form,) = authority.asked
    assert form["grant_type"] == "client_credentials"
    assert form["client_id"] == APP_ID
    assert form["client_secret"] == "s3cret"
    assert form["scope"] == "https://api.botframework.com/.default"


async def test_many_callers_share_one_request(authority: Authority) -> None:
    tokens = tokens_of(authority, Secret("s3cret"), [0.0])
    got = await asyncio.gather(*(tokens.token() for _ in range(20)))
    assert set(got) == {"access-1"}
    assert len(authority.asked) == 1


async def test_a_token_is_fetched_anew_before_it_expires(authority: Authority) -> None:
    now = [0.0]
    tokens = tokens_of(authority, Secret("s3cret"), now)
    await tokens.token()
    now[0] = 3600 - EARLY - 1
    assert await tokens.token() == "access-1"
    now[0] = 3600 - EARLY
    assert await tokens.token() == "access-2"


async def test_a_forgotten_token_is_fetched_anew(authority: Authority) -> None:
    tokens = tokens_of(authority, Secret("s3cret"), [0.0])
    await tokens.token()
    tokens.forget()
    assert await tokens.token() == "access-2"


def pem() -> tuple[str, str]:
    """Return a private key and its certificate, both as PEM."""
    key = new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sitrep")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private.decode(), certificate.public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("first", ["the key", "the certificate"])
async def test_a_certificate_signs_an_assertion(authority: Authority, first: str) -> None:
    key, certificate = pem()
    text = key + certificate if first == "the key" else certificate + key
    assert await tokens_of(authority, Certificate(text), [0.0]).token() == "access-1"
    assertion = authority.asked[0]["client_assertion"]
    public: Any = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    claims = jwt.decode(assertion, public, algorithms=["PS256"], options={"verify_aud": False})
    assert claims["iss"] == APP_ID
    assert "x5c" in jwt.get_unverified_header(assertion)


async def test_a_refusal_names_the_code_and_no_secret(authority: Authority) -> None:
    authority.refuses = True
    with pytest.raises(TokenUnavailable) as refused:
        await tokens_of(authority, Secret("hunter2"), [0.0]).token()
    assert refused.value.detail == "The authority refused: invalid_client."
    authority.refuses = False


async def test_an_authority_that_is_away_is_said_so() -> None:
    ask = entra(
        Secret("x"), app_id=APP_ID, tenant=TENANT, scope=SCOPE, authority="http://127.0.0.1:1"
    )
    with pytest.raises(TokenUnavailable, match="cannot be reached"):
        await EntraTokens(ask).token()


async def test_after_a_failure_the_next_caller_asks_again() -> None:
    answers: list[Mapping[str, Any]] = [
        {"error": "temporarily_unavailable"},
        {"access_token": "good", "expires_in": 3600},
    ]
    tokens = EntraTokens(lambda: answers.pop(0))
    with pytest.raises(TokenUnavailable):
        await tokens.token()
    assert await tokens.token() == "good"


def test_settings_that_cannot_work_are_refused_at_once() -> None:
    key, certificate = pem()
    for text in ("", key, certificate, key + key + certificate):
        with pytest.raises(Invalid, match="one private key"):
            entra(Certificate(text), app_id=APP_ID, tenant=TENANT, scope=SCOPE)
    with pytest.raises(Invalid, match="https"):
        entra(
            Secret("x"), app_id=APP_ID, tenant=TENANT, scope=SCOPE, authority="http://login.example"
        )


def test_credentials_do_not_show_themselves() -> None:
    shown = repr((Secret("hunter2"), Certificate("hunter2"), ManagedIdentity("id-1")))
    assert "hunter2" not in shown
    assert "id-1" in shown


async def test_a_managed_identity_asks_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Mapping[str, str]] = []

    async def give(request: web.Request) -> web.Response:
        asked.append({**request.query, "secret": request.headers["X-IDENTITY-HEADER"]})
        return web.json_response(
            {"access_token": "machine", "expires_on": "4102444800", "resource": "x"}
        )

    app = web.Application()
    app.router.add_get("/msi/token", give)
    async with serving(app) as url:
        # How App Service tells a process where its identity endpoint is.
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        ask = entra(ManagedIdentity("id-1"), app_id="id-1", tenant=TENANT, scope=SCOPE)
        assert await EntraTokens(ask).token() == "machine"
    assert asked[0]["resource"] == "https://api.botframework.com"
    assert asked[0]["client_id"] == "id-1"
