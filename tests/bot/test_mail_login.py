"""The relay is logged in to with a token of the app's own: XOAUTH2."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot import doctor, identity
from bot.doctor import Finding, Health
from bot.settings import Settings
from comms.channels.mail.relay import relay
from comms.errors import Invalid
from tests.bot.authority import Authority, an_authority
from tests.bot.channel import APP_ID, TENANT
from tests.comms.mail.relays import Relayed, serving


@pytest_asyncio.fixture
async def authority() -> AsyncIterator[Authority]:
    async with an_authority() as authority:
        yield authority


def settings(authority: Authority, relayed: Relayed) -> Settings:
    url = f"smtp://sitrep%40contoso.com@127.0.0.1:{relayed.port}?auth=xoauth2&starttls=false"
    return Settings(
        smtp_url=SecretStr(url),
        mail_from="Sitrep <sitrep@contoso.com>",
        bot_app_id=APP_ID,
        bot_tenant_id=TENANT,
        bot_secret=SecretStr("hunter2"),
        authority_url=authority.url,
    )


async def examined(given: Settings) -> dict[str, Finding]:
    """What the doctor finds, by part; there is nothing wrong with the database."""
    findings = await doctor.examine(given, lambda _url: "fine", lambda _url: None)
    return {finding.part: finding for finding in findings}


async def test_the_app_logs_in_to_the_relay_with_a_token_for_exchange(
    authority: Authority,
) -> None:
    async with serving(Relayed(password="access-1")) as relayed:
        found = await examined(settings(authority, relayed))

    assert found["mail"].health is Health.GOOD, found["mail"]
    assert relayed.logins == ["user=sitrep@contoso.com\x01auth=Bearer access-1\x01\x01"]
    assert authority.asked[0]["scope"] == "https://outlook.office365.com/.default"


async def test_a_token_that_is_refused_is_said_without_any_secret(authority: Authority) -> None:
    authority.refuses = True
    async with serving(Relayed(password="access-1")) as relayed:
        found = await examined(settings(authority, relayed))

    assert found["mail"].health is Health.BAD
    assert "No access token could be had: " in found["mail"].detail
    assert "hunter2" not in found["mail"].detail


def test_a_relay_that_wants_a_token_needs_an_app_to_ask_for_one() -> None:
    with pytest.raises(Invalid, match="SITREP_BOT_APP_ID"):
        identity.mail_tokens(Settings(), "relay", relay("smtp://u@relay.contoso.com?auth=xoauth2"))


def test_a_mailbox_of_graph_needs_an_app_too() -> None:
    with pytest.raises(Invalid, match="'graph' calls Graph as the app: set SITREP_BOT_APP_ID"):
        identity.graph_tokens(Settings(), "graph")


async def test_graph_is_asked_for_with_the_scope_of_its_own_cloud(authority: Authority) -> None:
    given = Settings(
        bot_app_id=APP_ID,
        bot_tenant_id=TENANT,
        bot_secret=SecretStr("hunter2"),
        authority_url=authority.url,
        graph_url="https://graph.microsoft.us/v1.0",
    )

    await identity.graph_tokens(given, "graph").token()

    assert authority.asked[0]["scope"] == "https://graph.microsoft.us/.default"
