"""Mail through a Postfix relay, as an organisation runs one: TLS, logins, refusals, a queue."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from comms.channels.mail.opening import open_connection
from comms.channels.mail.relay import Auth, Relay, Tls
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from tests.comms.mail.letters import delivery
from tests.comms.mail.postfix import PASSWORD, USER, Postfix, postfix
from tests.comms.mail.sending import STATEMENT, people, sending

ACCEPTED, REJECTED = DeliveryState.ACCEPTED, DeliveryState.REJECTED


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Postfix]:
    async with postfix() as running:
        yield running


def relay(port: int, **differs: Any) -> Relay:
    """The way into it, with a password over STARTTLS where nothing else is said."""
    usual: dict[str, Any] = {
        "tls": Tls.REQUIRED,
        "auth": Auth.AUTO,
        "username": f"{USER}@localhost",
        "password": PASSWORD,
        "connections": 4,
    }
    return Relay(host="localhost", port=port, **{**usual, **differs})


async def through(
    server: Postfix, to: Relay, batch: Sequence[Delivery], *, rounds: int = 1
) -> dict[int, Outcome]:
    """Send, and again what may pass, as often as that; each delivery has one last outcome."""
    told: dict[int, Outcome] = {}
    async with sending(to, tls=ssl.create_default_context(cafile=server.certificate)) as transport:
        for _ in range(rounds):
            left = [one for one in batch if _may_go(told.get(one.id))]
            told |= {one.delivery: one for one in await transport.send(STATEMENT, left)}
    assert sorted(told) == sorted(one.id for one in batch)
    return told


def _may_go(outcome: Outcome | None) -> bool:
    if outcome is None or outcome.state is DeliveryState.PLANNED:
        return True
    return outcome.reason is not None and outcome.reason.is_transient


@pytest.mark.parametrize("auth", [Auth.PLAIN, Auth.LOGIN])
async def test_a_login_over_starttls_lets_letters_through_to_the_other_side(
    server: Postfix, auth: Auth
) -> None:
    outcomes = await through(server, relay(server.starttls, auth=auth), people(40))

    assert {outcome.state for outcome in outcomes.values()} == {ACCEPTED}
    receipts = {outcome.provider_id for outcome in outcomes.values()}
    assert len(receipts) == 40
    # Postfix' word, not a count of files: the sink may write two letters of one moment to one name.
    for receipt in receipts:
        log = await server.logged(f"{receipt}: removed")
    sent = [line for line in log.splitlines() if "status=sent" in line]
    assert len([line for line in sent if any(receipt in line for receipt in receipts)]) == 40
    letters = [email.message_from_bytes(letter) for letter in await server.taken(20)]
    assert len({letter["Message-ID"] for letter in letters}) == len(letters)


async def test_a_login_over_implicit_tls_does_too(server: Postfix) -> None:
    outcomes = await through(server, relay(server.implicit, tls=Tls.IMPLICIT), people(5))

    assert {outcome.state for outcome in outcomes.values()} == {ACCEPTED}
    assert len(await server.taken(5)) == 5


async def test_the_way_in_is_known(server: Postfix) -> None:
    trusted = ssl.create_default_context(cafile=server.certificate)

    opened = await open_connection(relay(server.starttls), tls=trusted)
    opened.transport.abort()

    assert (opened.tls, opened.auth, opened.pipelining) == ("TLSv1.3", "PLAIN", True)
    assert (opened.largest, opened.utf8) == (60_000, True)


async def test_a_wrong_password_keeps_us_out_and_is_not_repeated(server: Postfix) -> None:
    outcomes = await through(server, relay(server.starttls, password="wrong"), people(30))

    verdicts = {(outcome.state, outcome.reason) for outcome in outcomes.values()}
    assert verdicts == {(REJECTED, Reason.AUTHENTICATION)}
    failed = "SASL PLAIN authentication failed"
    assert (await server.logged(failed)).count(failed) == 1
    assert "wrong" not in outcomes[0].detail


@pytest.mark.parametrize("tls", [Tls.REQUIRED, Tls.OFFERED])
async def test_another_hosts_certificate_gets_neither_password_nor_letter(
    server: Postfix, tls: Tls
) -> None:
    outcomes = await through(server, relay(server.stranger, tls=tls), people(3))

    assert {outcome.reason for outcome in outcomes.values()} == {Reason.UNREACHABLE}
    assert "certificate is not trusted" in outcomes[0].detail
    assert "sasl_method" not in server.log()


async def test_a_password_does_not_leave_without_tls(server: Postfix) -> None:
    outcomes = await through(server, relay(server.starttls, tls=Tls.NONE), people(1))

    assert outcomes[0].reason is Reason.AUTHENTICATION
    assert "STARTTLS" in outcomes[0].detail


async def test_without_a_login_nobody_outside_is_reached(server: Postfix) -> None:
    to = relay(server.starttls, auth=Auth.NONE, username="", password="")
    outcomes = await through(server, to, people(2))

    verdicts = {(outcome.state, outcome.reason) for outcome in outcomes.values()}
    assert verdicts == {(REJECTED, Reason.FORBIDDEN)}
    assert "Relay access denied" in outcomes[0].detail


async def test_a_refused_recipient_is_told_from_those_beside_him(server: Postfix) -> None:
    batch = people(20)
    batch[7] = delivery(7)._replace(address="nobody@fabrikam.example")

    outcomes = await through(server, relay(server.starttls), batch)

    assert outcomes.pop(7).reason is Reason.MAILBOX_UNKNOWN
    assert {outcome.state for outcome in outcomes.values()} == {ACCEPTED}
    letters = [email.message_from_bytes(letter) for letter in await server.taken(19)]
    assert not [letter for letter in letters if "nobody@" in letter["To"]]


async def test_who_is_greylisted_gets_the_letter_the_next_time(server: Postfix) -> None:
    once = await through(server, relay(server.greylisting), people(6))
    assert {outcome.reason for outcome in once.values()} == {Reason.TEMPORARY}
    assert "Greylisted" in once[0].detail

    again = await through(server, relay(server.greylisting), people(6))

    assert {outcome.state for outcome in again.values()} == {ACCEPTED}
    assert len(await server.taken(6)) == 6


async def test_421_in_the_middle_of_a_batch_loses_nobody_and_doubles_nobody(
    server: Postfix,
) -> None:
    batch = people(30)
    for number in (5, 6, 11, 12):
        batch[number] = delivery(number)._replace(address="nobody@fabrikam.example")

    outcomes = await through(server, relay(server.strict, connections=1), batch, rounds=10)

    assert await server.logged("too many errors")
    refused = {one for one, outcome in outcomes.items() if outcome.state is REJECTED}
    assert refused == {5, 6, 11, 12}
    assert {outcomes[one].state for outcome in outcomes for one in outcomes.keys() - refused} == {
        ACCEPTED
    }
    letters = [email.message_from_bytes(letter) for letter in await server.taken(26)]
    assert len({letter["Message-ID"] for letter in letters}) == len(letters) == 26


async def test_an_address_beyond_ascii_goes_through(server: Postfix) -> None:
    abroad = delivery(1)._replace(address="jörg@bücher.example")

    outcomes = await through(server, relay(server.starttls), [abroad])

    assert outcomes[1].state is ACCEPTED, outcomes[1]


async def test_a_relay_that_is_stopped_meanwhile_is_unreachable_and_then_works(
    server: Postfix,
) -> None:
    to = relay(server.starttls)
    async with sending(to, tls=ssl.create_default_context(cafile=server.certificate)) as transport:
        before = await transport.send(STATEMENT, people(3))
        server.stop()
        away = await transport.send(STATEMENT, people(3))
        server.start()
        after = await asyncio.wait_for(transport.send(STATEMENT, people(3)), 60)

    assert {outcome.state for outcome in [*before, *after]} == {ACCEPTED}
    assert {outcome.reason for outcome in away} == {Reason.UNREACHABLE}
