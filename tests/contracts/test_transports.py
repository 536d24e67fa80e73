"""What the fan-out relies on with any transport: the same cases for the fake and for Teams."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from bot.demo.teams.cards import card_of
from bot.demo.teams.limits import Throttle
from comms.delivery import DeliveryState, Reason
from comms.statement import CARD
from storage.database import Database
from tests.cards.story import NASTY, Words, statement
from tests.contracts.transports import FakeRig, Rig, by_delivery, delivery, teams_rig

SAID = statement(Words())


@pytest.fixture(params=["fake", "teams"])
async def rig(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Rig]:
    """A rig of each kind in turn."""
    if request.param == "fake":
        yield FakeRig()
    else:
        async with teams_rig(database) as teams:
            yield teams


async def test_each_delivery_of_a_batch_arrives_once_and_has_a_receipt_of_its_own(
    rig: Rig,
) -> None:
    addresses = [await rig.place() for _ in range(3)]
    batch = [delivery(number, address) for number, address in enumerate(addresses, start=1)]

    outcomes = by_delivery(await rig.transport.send(SAID, batch))

    assert outcomes.keys() == {1, 2, 3}
    assert {outcome.state for outcome in outcomes.values()} == {DeliveryState.ACCEPTED}
    assert {outcome.reason for outcome in outcomes.values()} == {None}
    assert len({outcome.provider_id for outcome in outcomes.values()} - {""}) == 3
    assert [rig.received(address) for address in addresses] == [[("responders", 3)]] * 3


async def test_who_is_gone_is_refused_for_good_and_holds_up_nobody(rig: Rig) -> None:
    before, gone, after = await rig.place(), await rig.gone(), await rig.place()
    batch = [delivery(1, before), delivery(2, gone), delivery(3, after)]

    outcomes = by_delivery(await rig.transport.send(SAID, batch))

    assert outcomes[2].state is DeliveryState.REJECTED
    assert outcomes[2].reason is Reason.GONE
    assert not Reason.GONE.is_transient
    for number, address in ((1, before), (3, after)):
        assert outcomes[number].state is DeliveryState.ACCEPTED
        assert rig.received(address) == [("responders", 3)]


async def test_who_cannot_be_reached_yet_is_refused_for_now(rig: Rig) -> None:
    outcomes = await rig.transport.send(SAID, [delivery(1, await rig.not_yet())])

    assert [outcome.state for outcome in outcomes] == [DeliveryState.REJECTED]
    assert outcomes[0].reason
    assert outcomes[0].reason.is_transient


async def test_an_empty_batch_has_no_outcome(rig: Rig) -> None:
    assert list(await rig.transport.send(SAID, [])) == []


async def test_what_is_sent_again_arrives_again_under_another_receipt(rig: Rig) -> None:
    address = await rig.place()
    first = await rig.transport.send(SAID, [delivery(1, address)])
    second = await rig.transport.send(SAID, [delivery(2, address)])

    assert first[0].provider_id != second[0].provider_id
    assert len(rig.received(address)) == 2


@pytest.mark.parametrize("kind", NASTY)
async def test_teams_gets_the_approved_card_as_it_is(database: Database, kind: str) -> None:
    said = statement(Words.all(NASTY[kind]))
    async with teams_rig(database) as teams:
        address = await teams.place()

        [outcome] = await teams.transport.send(said, [delivery(1, address)])

        assert outcome.state is DeliveryState.ACCEPTED, outcome.detail
        [posted] = teams.posted(address)
        assert card_of(posted) == json.loads(said.parts[CARD])


async def test_a_person_is_told_in_their_own_chat_and_nowhere_else(database: Database) -> None:
    async with teams_rig(database) as teams:
        await teams.chat("ada@x.org")

        told, unknown = await teams.transport.send(
            SAID, [delivery(1, "Ada@x.org"), delivery(2, "bo@x.org")]
        )

        assert told.state is DeliveryState.ACCEPTED, told.detail
        assert (unknown.state, unknown.reason) == (DeliveryState.REJECTED, Reason.NO_ADDRESS)
        [posted] = teams.posted("ada@x.org")
        assert card_of(posted) == json.loads(SAID.parts[CARD])


async def test_a_throttled_post_says_when_to_come_again(database: Database) -> None:
    async with teams_rig(database, throttle=Throttle(ticks=lambda: 0.0)) as teams:
        address = await teams.place()

        outcomes = await teams.transport.send(SAID, [delivery(n, address) for n in range(9)])

        assert [outcome.state for outcome in outcomes].count(DeliveryState.ACCEPTED) == 7
        late = [outcome for outcome in outcomes if outcome.reason is Reason.THROTTLED]
        assert len(late) == 2
        assert all(outcome.retry_after for outcome in late)


async def test_an_app_that_was_taken_out_may_not_post(database: Database) -> None:
    async with teams_rig(database) as teams:
        address = await teams.place()
        teams.teams.connector.installed = False

        [outcome] = await teams.transport.send(SAID, [delivery(1, address)])

        assert (outcome.state, outcome.reason) == (DeliveryState.REJECTED, Reason.FORBIDDEN)
        assert teams.received(address) == []
