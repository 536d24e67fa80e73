"""Who lets us in, and over what: passwords, access tokens, certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from comms.channels.mail.relay import Auth, Tls
from comms.delivery import DeliveryState, Reason
from comms.errors import Unavailable
from tests.comms.mail.certificates import write_certificate
from tests.comms.mail.letters import delivery
from tests.comms.mail.relays import Relayed, serving
from tests.comms.mail.sending import BOTH, STATEMENT, people, sending, sent

# aiosmtpd warns of passwords without TLS; here they are made up.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ACCEPTED, REJECTED, UNKNOWN = (
    DeliveryState.ACCEPTED,
    DeliveryState.REJECTED,
    DeliveryState.UNKNOWN,
)


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
    async def token() -> str:
        return "fresh"

    async with serving(Relayed(password="fresh")) as relayed:
        relay = relayed.relay(auth=Auth.XOAUTH2, username="incidents@contoso.example")
        async with sending(relay, token=token) as transport:
            (outcome,) = await transport.send(STATEMENT, [delivery(1)])

    assert outcome.state is ACCEPTED
    assert relayed.logins == ["user=incidents@contoso.example\x01auth=Bearer fresh\x01\x01"]


async def test_no_access_token_is_an_outcome() -> None:
    async def token() -> str:
        raise Unavailable("Entra ID does not answer.")

    async with serving(Relayed(password="fresh")) as relayed:
        relay = relayed.relay(auth=Auth.XOAUTH2, username="u")
        async with sending(relay, token=token) as transport:
            (outcome,) = await transport.send(STATEMENT, [delivery(1)])

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
