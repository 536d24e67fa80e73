"""Sending over real SMTP: what each answer of a relay makes of a delivery."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from dataclasses import replace
from typing import Any, cast

import pytest

from comms.channels.mail.message import source
from comms.channels.mail.transport import MailTransport
from comms.delivery import DeliveryState, Reason
from comms.testing.clock import HeldClock
from tests.comms.mail.letters import NOW, SENDER, delivery, letter, typed
from tests.comms.mail.relays import OK, HangUp, Relayed, Silence, serving
from tests.comms.mail.sending import BOTH, STATEMENT, mail, own_links, people, sending, sent

# aiosmtpd warns of passwords without TLS; here they are made up.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ACCEPTED, REJECTED, UNKNOWN = (
    DeliveryState.ACCEPTED,
    DeliveryState.REJECTED,
    DeliveryState.UNKNOWN,
)


def number_of(recipient: str) -> int:
    return int(recipient.partition("@")[0].removeprefix("reader"))


@BOTH
async def test_each_recipient_gets_exactly_what_the_preview_shows(pipelining: bool) -> None:
    async with serving(Relayed(pipelining=pipelining)) as relayed:
        outcomes = await sent(relayed, people(40))

    assert {(o.state, o.reason) for o in outcomes.values()} == {(ACCEPTED, None)}
    assert outcomes[7].provider_id == "Qreader7"
    assert sorted(relayed.received) == sorted(
        (to.address, source(STATEMENT, to, sender=SENDER, at=NOW, links=own_links(to)))
        for to in people(40)
    )


@BOTH
async def test_a_line_that_begins_with_a_dot_arrives(pipelining: bool) -> None:
    statement = letter("stakeholders", typed("first\n.\n..\n.hidden\nlast"))
    async with (
        serving(Relayed(pipelining=pipelining)) as relayed,
        sending(relayed.relay()) as transport,
    ):
        await transport.send(statement, [delivery(1)])

    message = source(statement, delivery(1), sender=SENDER, at=NOW, links=own_links(delivery(1)))
    assert relayed.received == [("reader1@fabrikam.example", message)]
    assert b"\r\n." in message


@BOTH
@pytest.mark.parametrize("step", ["mail", "rcpt", "content"])
async def test_a_refusal_belongs_to_its_own_recipient(pipelining: bool, step: str) -> None:
    refused = {3, 4, 9}
    turn = iter(range(20))

    def answer(about: str) -> str:
        # MAIL does not say for whom it is: one session, so the turn says it.
        number = next(turn) if step == "mail" else number_of(about)
        return "550 5.1.1 No such user" if number in refused else OK

    async with serving(
        replace(Relayed(pipelining=pipelining), **cast("Any", {step: answer}))
    ) as relayed:
        outcomes = await sent(relayed, people(20), connections=1)

    assert {n for n, o in outcomes.items() if o.state is REJECTED} == refused
    assert {outcomes[n].reason for n in refused} == {Reason.MAILBOX_UNKNOWN}
    assert outcomes[3].detail == "550 5.1.1 No such user"
    assert all(o.state is ACCEPTED for n, o in outcomes.items() if n not in refused)


@BOTH
async def test_a_batch_of_refusals_goes_on_to_the_last(pipelining: bool) -> None:
    def answer(_recipient: str) -> str:
        return "450 4.2.0 Greylisted"

    async with serving(Relayed(pipelining=pipelining, rcpt=answer)) as relayed:
        outcomes = await sent(relayed, people(30))

    assert {o.reason for o in outcomes.values()} == {Reason.TEMPORARY}
    assert relayed.received == []


@BOTH
async def test_content_without_an_answer_is_unknown_and_not_sent_twice(pipelining: bool) -> None:
    def answer(recipient: str) -> str:
        if number_of(recipient) == 5:
            raise HangUp
        return OK

    async with serving(Relayed(pipelining=pipelining, content=answer)) as relayed:
        outcomes = await sent(relayed, people(12))

    assert (outcomes[5].state, outcomes[5].reason) == (UNKNOWN, Reason.NO_REPLY)
    assert all(o.state is ACCEPTED for n, o in outcomes.items() if n != 5)
    assert max(Counter(relayed.recipients).values()) == 1


@BOTH
async def test_a_connection_lost_before_the_content_costs_nothing(pipelining: bool) -> None:
    hung_up = False

    def answer(recipient: str) -> str:
        nonlocal hung_up
        if number_of(recipient) == 5 and not hung_up:
            hung_up = True
            raise HangUp
        return OK

    async with serving(Relayed(pipelining=pipelining, rcpt=answer)) as relayed:
        outcomes = await sent(relayed, people(12))

    assert hung_up
    assert {o.state for o in outcomes.values()} == {ACCEPTED}
    assert max(Counter(relayed.recipients).values()) == 1


async def test_a_relay_that_always_hangs_up_is_unreachable() -> None:
    def answer(_recipient: str) -> str:
        raise HangUp

    async with serving(Relayed(rcpt=answer)) as relayed:
        outcomes = await sent(relayed, people(3))

    assert {(o.state, o.reason) for o in outcomes.values()} == {(REJECTED, Reason.UNREACHABLE)}
    assert relayed.greeted == 6  # each message once, and once again


@BOTH
async def test_421_sends_the_rest_over_another_connection(pipelining: bool) -> None:
    closed: set[int] = set()

    def answer(recipient: str) -> str:
        number = number_of(recipient)
        if number % 4 == 3 and number not in closed:
            closed.add(number)
            return "421 4.7.0 Too many messages in this connection"
        return OK

    async with serving(Relayed(pipelining=pipelining, rcpt=answer)) as relayed:
        outcomes = await sent(relayed, people(12))

    assert {o.state for o in outcomes.values()} == {ACCEPTED}
    assert max(Counter(relayed.recipients).values()) == 1


async def test_421_without_end_is_a_throttle() -> None:
    async with serving(Relayed(mail=lambda _sender: "421 4.7.0 Try again later")) as relayed:
        outcomes = await sent(relayed, people(9))

    refused = [o for o in outcomes.values() if o.state is REJECTED]
    held = [o for o in outcomes.values() if o.state is DeliveryState.PLANNED]
    assert {o.reason for o in refused} == {Reason.THROTTLED}
    assert len(refused) <= 4  # one a connection
    assert len(refused) + len(held) == 9
    assert len(outcomes) == 9


@BOTH
async def test_a_relay_that_falls_silent_is_given_up(pipelining: bool) -> None:
    def answer(recipient: str) -> str:
        if number_of(recipient) == 1:
            raise Silence
        return OK

    async with serving(Relayed(pipelining=pipelining, content=answer)) as relayed:
        outcomes = await sent(relayed, people(4), timeout=0.2, connections=1)

    assert (outcomes[1].state, outcomes[1].reason) == (UNKNOWN, Reason.NO_REPLY)
    assert all(o.state is ACCEPTED for n, o in outcomes.items() if n != 1)


async def test_a_refused_connection_is_an_outcome() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and never listening
        relayed = Relayed(port=taken.getsockname()[1])
        outcomes = await sent(relayed, people(5))

    assert {(o.state, o.reason) for o in outcomes.values()} == {(REJECTED, Reason.UNREACHABLE)}
    assert outcomes[0].reason is not None
    assert outcomes[0].reason.is_transient


async def test_an_address_that_is_none_is_refused_here_and_the_others_go() -> None:
    wrong = delivery(2)._replace(address="nobody@\r\nDATA")
    async with serving(Relayed()) as relayed:
        outcomes = await sent(relayed, [delivery(1), wrong, delivery(3)])

    assert (outcomes[2].state, outcomes[2].reason) == (REJECTED, Reason.ADDRESS_INVALID)
    assert sorted(relayed.recipients) == ["reader1@fabrikam.example", "reader3@fabrikam.example"]


async def test_no_more_connections_than_the_relay_takes() -> None:
    async with (
        serving(Relayed()) as relayed,
        sending(relayed.relay(connections=3)) as transport,
    ):
        batches = [people(30)[at : at + 5] for at in range(0, 30, 5)]
        await asyncio.gather(*(transport.send(STATEMENT, batch) for batch in batches))

    assert relayed.most_connected == 3
    assert len(relayed.received) == 30


async def test_sessions_are_kept_and_left_politely() -> None:
    async with serving(Relayed()) as relayed:
        async with sending(relayed.relay(connections=1)) as transport:
            for number in range(3):
                await transport.send(STATEMENT, [delivery(number)])
        assert (relayed.greeted, relayed.quits) == (1, 1)


async def test_a_session_that_the_relay_closed_meanwhile_is_replaced() -> None:
    async with serving(Relayed()) as relayed:
        answers = iter([OK, "421 4.4.2 Idle for too long", OK])
        relayed.mail = lambda _sender: next(answers)
        async with sending(relayed.relay()) as transport:
            await transport.send(STATEMENT, [delivery(1)])
            (outcome,) = await transport.send(STATEMENT, [delivery(2)])

    assert outcome.state is ACCEPTED


async def test_what_nobody_waits_for_any_more_is_not_sent() -> None:
    arrived = asyncio.Event()

    def answer(_recipient: str) -> str:
        arrived.set()
        raise Silence

    async with serving(Relayed(content=answer)) as relayed:
        transport = MailTransport(
            relayed.relay(connections=1, timeout=0.3),
            sender=SENDER,
            links=own_links,
            clock=HeldClock(NOW),
        )
        under_way = asyncio.create_task(transport.send(STATEMENT, people(10)))
        await arrived.wait()
        under_way.cancel()
        relayed.content = lambda _recipient: OK
        await transport.close()

    assert relayed.recipients == ["reader0@fabrikam.example"]


async def test_a_stop_waits_a_moment_for_a_silent_relay_and_says_what_it_knows() -> None:
    arrived = asyncio.Event()

    def answer(_recipient: str) -> str:
        arrived.set()
        raise Silence

    async with serving(Relayed(content=answer)) as relayed:
        transport = mail(relayed.relay(connections=1, timeout=60))
        under_way = asyncio.create_task(transport.send(STATEMENT, people(10)))
        await arrived.wait()
        await asyncio.wait_for(transport.close(), 60)
        outcomes = {outcome.delivery: outcome for outcome in await under_way}
        late = await asyncio.wait_for(transport.send(STATEMENT, people(1)), 60)

    assert relayed.recipients == ["reader0@fabrikam.example"]
    assert outcomes.pop(0).state is DeliveryState.UNKNOWN
    told = {(outcome.state, outcome.reason) for outcome in [*outcomes.values(), *late]}
    assert told == {(DeliveryState.REJECTED, Reason.UNREACHABLE)}
    assert relayed.greeted == 1
