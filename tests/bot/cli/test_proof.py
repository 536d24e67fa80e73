"""The doctor proves transports: a letter by each, its receipt, and what to do where it fails."""

from __future__ import annotations

import email
import email.policy
import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.doctor import Finding, Health
from bot.proof import prove
from bot.settings import Settings
from comms.errors import Invalid
from tests.bot.authority import an_authority
from tests.bot.channel import APP_ID, TENANT
from tests.bot.cli.conftest import Sitrep
from tests.comms.mail.certificates import write_certificate
from tests.comms.mail.relays import Relayed, serving
from tests.contracts.graph import open_graph, refusal

ME = "me@contoso.example"
FROM = "Contoso incidents <incidents@contoso.example>"


def installation(url: str, lines: str = "", **more: object) -> Settings:
    """Settings with a relay and further transports."""
    return Settings(
        smtp_url=SecretStr(url),
        mail_transports=SecretStr(lines) if lines else None,
        mail_from=FROM,
        **more,  # type: ignore[arg-type]
    )


async def one(settings: Settings, name: str = "relay") -> Finding:
    """What is found of one transport."""
    [found] = await prove(settings, ME, [name])
    return found


async def test_a_letter_arrives_and_its_receipt_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = write_certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with serving(Relayed(password="right"), tls=context) as relayed:
        found = await one(installation(f"smtp://u:right@localhost:{relayed.port}"))

    assert found.health is Health.GOOD, found
    assert f"localhost:{relayed.port}: TLSv1.3, logged in by " in found.detail
    assert "receipt Qme" in found.detail
    assert "not among the junk" in found.todo
    [(recipient, content)] = relayed.received
    letter = email.message_from_bytes(content, policy=email.policy.default)
    assert recipient == ME
    assert letter["Subject"] == "Test letter from Sitrep by relay"
    plain = letter.get_body(("plain",))
    assert plain is not None
    assert "Nothing has to be done." in plain.get_content()


async def test_each_transport_is_proved_and_one_that_fails_stops_none() -> None:
    async with serving(Relayed()) as relayed:
        plain = f"smtp://127.0.0.1:{relayed.port}?starttls=false"
        found = await prove(installation("smtp://127.0.0.1:9", f"second={plain}"), ME)

    assert [(one.part, one.health) for one in found] == [
        ("mail", Health.BAD),
        ("mail by second", Health.GOOD),
    ]
    assert "Check the server's name and port" in found[0].todo
    assert "not encrypted, no login, with pipelining" in found[1].detail


async def test_a_wrong_password_says_what_to_check_and_shows_no_secret() -> None:
    async with serving(Relayed(password="right")) as relayed:
        url = f"smtp://u:hunter2@127.0.0.1:{relayed.port}?starttls=false"
        found = await one(installation(url))

    assert found.health is Health.BAD
    assert "Check who logs in" in found.todo
    assert "hunter2" not in found.detail + found.todo


async def test_a_refused_recipient_is_a_refusal_not_a_success() -> None:
    refusing = Relayed(rcpt=lambda _to: "550 5.7.1 Unable to relay")
    async with serving(refusing) as relayed:
        found = await one(installation(f"smtp://127.0.0.1:{relayed.port}?starttls=false"))

    assert (found.health, found.detail) == (Health.BAD, "550 5.7.1 Unable to relay.")
    assert "Let the server accept this sender" in found.todo


async def test_graph_is_proved_with_the_apps_own_token() -> None:
    async with an_authority() as authority, open_graph() as (graph, url):
        settings = installation(
            "smtp://127.0.0.1:9",
            "shared=graph://incidents@contoso.example",
            graph_url=url,
            bot_app_id=APP_ID,
            bot_tenant_id=TENANT,
            bot_secret=SecretStr("hunter2"),
            authority_url=authority.url,
        )
        good = await one(settings, "shared")
        graph.reply = lambda _number: refusal(403, "ErrorAccessDenied", "Access is denied.")
        bad = await one(settings, "shared")

    assert (good.health, bad.health) == (Health.GOOD, Health.BAD)
    assert "Graph sends as incidents@contoso.example" in good.detail
    assert "receipt request-1" in good.detail
    assert bad.detail == "403 ErrorAccessDenied: Access is denied."
    assert "Mail.Send for that mailbox" in bad.todo
    assert [letter["To"] for letter in graph.letters] == [ME]


async def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match=r"no transport 'relai'\. Did you mean 'relay'"):
        await prove(installation("smtp://127.0.0.1:9"), ME, ["relai"])


async def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="not an e-mail address"):
        await prove(installation("smtp://127.0.0.1:9"), "me")


def test_the_command_says_it_in_a_line_and_fails_where_nothing_left(
    sitrep: Sitrep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITREP_SMTP_URL", "smtp://127.0.0.1:9")
    monkeypatch.setenv("SITREP_MAIL_FROM", FROM)

    said = sitrep("doctor", "--send-to", ME)

    assert said.code == 1
    assert said.out.startswith("BAD  mail: ")
    assert "Check the server's name and port" in said.out


def test_a_transport_without_an_address_is_a_usage_that_is_wrong(sitrep: Sitrep) -> None:
    assert sitrep("doctor", "--transport", "relay").code == 2
