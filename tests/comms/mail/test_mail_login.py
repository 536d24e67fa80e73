"""Who lets us in, and over what: passwords, access tokens, certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from aiosmtpd.smtp import MISSING, SMTP, AuthResult

from comms.channels.mail.relay import Auth, Tls
from comms.delivery import DeliveryState, Outcome, Reason
from tests.comms.mail.certificates import write_certificate
from tests.comms.mail.letters import delivery
from tests.comms.mail.relays import Relayed, serving
from tests.comms.mail.sending import BOTH, STATEMENT, people, sending, sent
from tests.comms.mail.tokens import HeldTokens

# aiosmtpd warns of passwords without TLS; here they are made up.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ACCEPTED, REJECTED, UNKNOWN = (
    DeliveryState.ACCEPTED,
    DeliveryState.REJECTED,
    DeliveryState.UNKNOWN,
)


class Explains(Relayed):
    """Says why it refuses a token as Exchange and Gmail do: 334 with JSON, then 535."""

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        result = await super().auth_XOAUTH2(server, args)
        if not result.success:
            answer = await server.challenge_auth(b'{"status":"401","schemes":"Bearer"}')
            self.logins.append("" if answer in {b"", MISSING} else str(answer))
        return result


def a_login(token: str) -> str:
    """What a client says to log in by it."""
    return f"user=incidents@contoso.example\x01auth=Bearer {token}\x01\x01"


async def by_token(relayed: Relayed, tokens: HeldTokens) -> Outcome:
    """Send one letter by XOAUTH2."""
    relay = relayed.relay(auth=Auth.XOAUTH2, username="incidents@contoso.example")
    async with sending(relay, tokens=tokens) as transport:
        (outcome,) = await transport.send(STATEMENT, [delivery(1)])
    return outcome


async def test_a_password_is_spent_once_when_it_is_wrong() -> None:
    async with serving(Relayed(password="right")) as relayed:
        outcomes = await sent(
            relayed, people(50), auth=Auth.PLAIN, username="u", password="wrong", connections=16
        )

    assert {(o.state, o.reason) for o in outcomes.values()} == {(REJECTED, Reason.AUTHENTICATION)}
    assert relayed.logins == ["PLAIN"]
    assert "wrong" not in outcomes[0].detail


@pytest.mark.parametrize("auth", [Auth.AUTO, Auth.PLAIN, Auth.LOGIN])
async def test_a_password_lets_us_in(auth: Auth) -> None:
    async with serving(Relayed(password="right")) as relayed:
        outcomes = await sent(relayed, people(2), auth=auth, username="u", password="right")

    assert {o.state for o in outcomes.values()} == {ACCEPTED}


async def test_an_access_token_lets_us_in() -> None:
    async with serving(Relayed(password="token-1")) as relayed:
        outcome = await by_token(relayed, HeldTokens())

    assert outcome.state is ACCEPTED
    assert relayed.logins == [a_login("token-1")]


async def test_an_access_token_that_is_refused_is_fetched_anew_once() -> None:
    async with serving(Relayed(password="token-2")) as relayed:
        outcome = await by_token(relayed, HeldTokens())

    assert outcome.state is ACCEPTED
    assert relayed.logins == [a_login("token-1"), a_login("token-2")]


async def test_a_second_access_token_that_is_refused_is_the_last() -> None:
    tokens = HeldTokens()
    async with serving(Relayed(password="token-9")) as relayed:
        outcome = await by_token(relayed, tokens)

    assert (outcome.state, outcome.reason) == (REJECTED, Reason.AUTHENTICATION)
    # A letter that did not leave is tried over a second connection.
    assert tokens.asked == len(relayed.logins) <= 4


async def test_why_a_token_is_refused_may_come_before_the_refusal() -> None:
    async with serving(Explains(password="token-2")) as relayed:
        outcome = await by_token(relayed, HeldTokens())

    assert outcome.state is ACCEPTED
    assert relayed.logins == [a_login("token-1"), "", a_login("token-2")]


async def test_no_access_token_is_an_outcome() -> None:
    async with serving(Relayed(password="token-1")) as relayed:
        outcome = await by_token(relayed, HeldTokens(fails="Entra ID does not answer."))

    assert (outcome.state, outcome.reason) == (REJECTED, Reason.AUTHENTICATION)
    assert "Entra ID does not answer." in outcome.detail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 'localhost' that nobody has signed, with its key."""
    return write_certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def served(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@BOTH
@pytest.mark.parametrize("tls", [Tls.REQUIRED, Tls.OFFERED, Tls.IMPLICIT])
async def test_mail_travels_encrypted(
    certificate: Path, served: ssl.SSLContext, tls: Tls, pipelining: bool
) -> None:
    trusted = ssl.create_default_context(cafile=certificate)
    relayed = Relayed(pipelining=pipelining)
    async with serving(relayed, tls=served, implicit=tls is Tls.IMPLICIT):
        relay = relayed.relay(tls=tls, host="localhost")
        async with sending(relay, tls=trusted) as transport:
            outcomes = await transport.send(STATEMENT, people(20))

    assert {o.state for o in outcomes} == {ACCEPTED}
    assert relayed.encrypted
    assert len(relayed.received) == 20


async def test_a_stranger_with_a_certificate_of_its_own_gets_nothing(
    served: ssl.SSLContext,
) -> None:
    async with serving(Relayed(), tls=served) as relayed:
        outcomes = await sent(relayed, people(1), tls=Tls.REQUIRED, host="localhost")

    assert outcomes[0].reason is Reason.UNREACHABLE
    assert "certificate is not trusted" in outcomes[0].detail


async def test_a_password_never_leaves_before_the_encryption_that_was_demanded() -> None:
    async with serving(Relayed(password="right")) as relayed:
        outcomes = await sent(
            relayed, people(1), tls=Tls.REQUIRED, auth=Auth.PLAIN, username="u", password="right"
        )

    assert outcomes[0].reason is Reason.UNREACHABLE
    assert relayed.logins == []
