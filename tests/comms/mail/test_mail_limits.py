"""What a relay has said that it takes: so many messages a connection, so large, so addressed."""

from __future__ import annotations

from comms.delivery import Delivery, DeliveryState, Reason
from tests.comms.mail.letters import delivery
from tests.comms.mail.relays import Relayed, serving
from tests.comms.mail.sending import BOTH, people, sent

ACCEPTED, REJECTED = DeliveryState.ACCEPTED, DeliveryState.REJECTED
ABROAD: Delivery = delivery(1)._replace(address="jörg@bücher.example")


@BOTH
async def test_a_connection_carries_no_more_messages_than_it_may(pipelining: bool) -> None:
    async with serving(Relayed(pipelining=pipelining)) as relayed:
        outcomes = await sent(relayed, people(10), connections=1, messages=3)

    assert {outcome.state for outcome in outcomes.values()} == {ACCEPTED}
    assert len(relayed.recipients) == len(set(relayed.recipients)) == 10
    assert (relayed.greeted, relayed.most_connected) == (4, 1)
    assert relayed.quits == 4


@BOTH
async def test_what_is_larger_than_the_relay_takes_does_not_leave(pipelining: bool) -> None:
    async with serving(Relayed(pipelining=pipelining, largest=2_000)) as relayed:
        outcomes = await sent(relayed, people(3))

    assert {(o.state, o.reason) for o in outcomes.values()} == {(REJECTED, Reason.TOO_LARGE)}
    assert "the server takes 2000" in outcomes[0].detail
    assert relayed.recipients == []


@BOTH
async def test_an_address_beyond_ascii_goes_where_it_is_taken(pipelining: bool) -> None:
    async with serving(Relayed(pipelining=pipelining, utf8=True)) as relayed:
        outcomes = await sent(relayed, [delivery(0), ABROAD, delivery(2)], connections=1)

    assert {outcome.state for outcome in outcomes.values()} == {ACCEPTED}
    assert "jörg@xn--bcher-kva.example" in relayed.recipients
    [(_, letter)] = [one for one in relayed.received if one[0].startswith("j")]
    assert "<jörg@xn--bcher-kva.example>".encode() in letter


@BOTH
async def test_elsewhere_it_is_refused_and_the_others_go(pipelining: bool) -> None:
    async with serving(Relayed(pipelining=pipelining)) as relayed:
        outcomes = await sent(relayed, [delivery(0), ABROAD, delivery(2)], connections=1)

    refused = outcomes.pop(1)
    assert (refused.state, refused.reason) == (REJECTED, Reason.ADDRESS_INVALID)
    assert "SMTPUTF8" in refused.detail
    assert {outcome.state for outcome in outcomes.values()} == {ACCEPTED}
    assert len(relayed.recipients) == 2
