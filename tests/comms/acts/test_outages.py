"""A channel that fails: told where somebody waits, and given over to the one that stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.outages import fail, is_out, recover
from comms.acts.people import import_recipients
from comms.bell import Bell, Topic
from comms.delivery import Delivery, DeliveryState, LedgerRow, Outcome, Reason
from comms.desk import Desk, House
from comms.fanout import Runner, Slots
from comms.ledger import Filter
from comms.people import SITREP
from comms.plan.model import ChannelName
from comms.planner import Planner
from comms.recipient import Recipient
from comms.routes import only
from comms.testing import FakeTransport, HeldClock
from comms.testing.transport import accept
from comms.watch import watch
from storage.book import SqlStore
from storage.database import Database
from storage.ledger import SqlLedger
from storage.outbox import SqlEffects
from tests.acting import approved, declared, drafted
from tests.house import ADA, BEN

MAIL, TEAMS, PAGE = ChannelName.MAIL, ChannelName.TEAMS, ChannelName.PAGE
CANCELLED, PLANNED = DeliveryState.CANCELLED, DeliveryState.PLANNED


@pytest.fixture
def desk(database: Database, house: House, clock: HeldClock, bell: Bell) -> Desk:
    """The desk of a plan whose stakeholders are told in Teams, and responders by mail, at need."""
    audiences = dict(house.plan.audiences)
    for name, failover in (("stakeholders", {MAIL: TEAMS}), ("responders", {TEAMS: MAIL})):
        audiences[name] = replace(audiences[name], failover=failover)
    return Desk(
        store=SqlStore(database),
        house=replace(house, plan=replace(house.plan, audiences=audiences)),
        clock=clock,
        bells={topic: [bell] for topic in Topic},
    )


async def told_to(desk: Desk, audience: str, count: int = 3) -> str:
    """Declare, and send an update to so many people; return the incident's key."""
    people = [Recipient(email=f"p{n}@x.org", name=f"P {n}") for n in range(count)]
    await desk.do(import_recipients, SITREP, "api", audience, people=people, refused=())
    incident = await declared(desk)
    by = {"executives": (ADA,), "stakeholders": (BEN,), "responders": ()}[audience]
    await approved(desk, await drafted(desk, incident.key, audiences=(audience,)), *by)
    return incident.key


async def rows(desk: Desk, key: str, channel: ChannelName) -> Sequence[LedgerRow]:
    """The ledger's rows of a channel."""
    found = await desk.read(
        lambda scene: scene.book.fanouts.rows(key, Filter(limit=10_000)), SITREP, "cli"
    )
    return [row for row in found if row.channel is channel]


async def delivered(desk: Desk, database: Database, clock: HeldClock, channel: ChannelName) -> None:
    """Send by this channel what waits for it."""
    sender = Runner(
        channel=channel,
        routes=only(FakeTransport()),
        ledger=SqlLedger(database),
        clock=clock,
        bell=Bell(),
        owner="worker-1",
        slots=Slots(),
    )
    await sender.run_until_idle()


async def lines(desk: Desk, key: str) -> list[tuple[str, str]]:
    """What the timeline tells of channels."""
    entries = await desk.read(lambda scene: scene.book.timeline.of(key), SITREP, "cli")
    return [(one.kind, one.text) for one in entries if one.kind.startswith("channel.")]


async def failing(desk: Desk, channel: ChannelName, why: str = "connection refused") -> None:
    """A runner says so, as it does with each probe that fails."""
    await desk.do(fail, SITREP, "timer", channel, why)


async def test_an_outage_is_told_once_to_each_incident_that_waits(desk: Desk) -> None:
    first = await told_to(desk, "executives")

    await failing(desk, MAIL)
    await failing(desk, MAIL, "still refused")
    second = await told_to(desk, "executives")
    await failing(desk, MAIL)

    told = ("channel.failed", "Mail does not get through (connection refused): 3 wait")
    assert await lines(desk, first) == [told]
    assert await lines(desk, second) == [told]
    assert await desk.read(is_out, SITREP, "cli", MAIL)


async def test_the_end_is_told_to_those_who_were_told_of_the_outage(
    desk: Desk, clock: HeldClock
) -> None:
    key = await told_to(desk, "executives")
    quiet = await declared(desk)
    await failing(desk, MAIL)
    clock.advance(timedelta(minutes=7))

    for _ in range(2):
        await desk.do(recover, SITREP, "timer", MAIL)

    assert (await lines(desk, key))[1:] == [
        ("channel.works", "Mail gets through again after 7 min")
    ]
    assert await lines(desk, quiet.key) == []
    assert not await desk.read(is_out, SITREP, "cli", MAIL)


async def test_the_war_room_is_shown_both(desk: Desk, database: Database, clock: HeldClock) -> None:
    await told_to(desk, "executives")

    await failing(desk, MAIL)
    await desk.do(recover, SITREP, "timer", MAIL)

    effects = await SqlEffects(database).waiting(clock.now(), limit=1000)
    shown = [one.payload for one in effects if one.kind == "room.outage"]
    assert [(one["channel"], bool(one["ended_at"])) for one in shown] == [
        ("mail", False),
        ("mail", True),
    ]


async def test_those_not_reached_by_mail_are_told_in_teams_once(desk: Desk) -> None:
    key = await told_to(desk, "stakeholders", 3)

    for _ in range(3):
        await failing(desk, MAIL)

    [instead] = await rows(desk, key, TEAMS)
    assert (instead.address, instead.state) == (f"room:{key}", PLANNED)
    mail = await rows(desk, key, MAIL)
    assert [(row.state, row.reason) for row in mail] == [(CANCELLED, Reason.SUPERSEDED)] * 3
    assert [kind for kind, _ in await lines(desk, key)] == ["channel.failed", "channel.failover"]


async def test_each_responder_gets_a_mail_where_teams_is_out(desk: Desk) -> None:
    key = await told_to(desk, "responders", 4)

    await failing(desk, TEAMS)

    assert [row.state for row in await rows(desk, key, MAIL)] == [PLANNED] * 4
    [room] = await rows(desk, key, TEAMS)
    assert (room.state, room.reason) == (CANCELLED, Reason.SUPERSEDED)


async def test_what_stands_in_is_approved_with_the_rest_and_not_sent_without_need(
    desk: Desk,
) -> None:
    key = await told_to(desk, "stakeholders")

    update = await desk.read(lambda scene: scene.book.updates.get(key, 1), SITREP, "cli")
    statements = await desk.read(lambda scene: scene.book.updates.statements(update), SITREP, "cli")
    assert [statement.channel for statement in statements] == [MAIL, TEAMS]
    assert await rows(desk, key, TEAMS) == []


async def test_where_nobody_would_be_reached_instead_they_wait(desk: Desk) -> None:
    key = await told_to(desk, "responders", 0)

    await failing(desk, TEAMS)

    [room] = await rows(desk, key, TEAMS)
    assert room.state is PLANNED


async def test_without_a_failover_in_the_plan_they_wait(desk: Desk) -> None:
    key = await told_to(desk, "executives")

    await failing(desk, MAIL)

    assert [row.state for row in await rows(desk, key, MAIL)] == [PLANNED] * 3


async def test_a_correction_follows_to_where_the_wrong_update_went(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    key = await told_to(desk, "stakeholders", 3)
    await failing(desk, MAIL)
    await delivered(desk, database, clock, TEAMS)
    await desk.do(recover, SITREP, "timer", MAIL)

    preview = await drafted(desk, key, corrects=1)
    assert preview.estimates["stakeholders"].recipients == 1
    await approved(desk, preview)

    both = [*await rows(desk, key, MAIL), *await rows(desk, key, TEAMS)]
    corrections = [row for row in both if row.update == 2]
    assert [(row.channel, row.address) for row in corrections] == [(TEAMS, f"room:{key}")]


async def test_a_relay_that_is_away_hands_over_to_teams_and_its_return_is_told(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    key = await told_to(desk, "stakeholders", 8)
    relay = FakeTransport(rule=away)
    sender = Runner(
        channel=MAIL,
        routes=only(relay),
        ledger=SqlLedger(database),
        clock=clock,
        bell=Bell(),
        owner="worker-1",
        slots=Slots(batch=2),
        watch=watch(desk),
    )

    for _ in range(5):
        await sender.run_until_idle()
        clock.advance(timedelta(seconds=15))

    assert [row.state for row in await rows(desk, key, TEAMS)] == [PLANNED]
    assert {row.state for row in await rows(desk, key, MAIL)} == {CANCELLED}
    relay.rule = accept
    clock.advance(timedelta(minutes=2))
    await approved(desk, await drafted(desk, key, audiences=("stakeholders",)), BEN)
    await sender.run_until_idle()
    assert [kind for kind, _ in await lines(desk, key)] == [
        "channel.failed",
        "channel.failover",
        "channel.works",
    ]
    assert len(await rows(desk, key, TEAMS)) == 1
    second = [row.state for row in await rows(desk, key, MAIL) if row.update == 2]
    assert second == [DeliveryState.ACCEPTED] * 8


def away(delivery: Delivery) -> Outcome:
    """Nobody is there."""
    return Outcome(delivery=delivery.id, state=DeliveryState.REJECTED, reason=Reason.UNREACHABLE)


async def test_a_large_audience_is_taken_over_as_its_rows_are_written(
    desk: Desk, clock: HeldClock, bell: Bell
) -> None:
    key = await told_to(desk, "responders", 4500)

    await failing(desk, TEAMS)
    planner = Planner(desk=desk, clock=clock, bell=bell)
    while await planner.plan():
        pass

    assert len(await rows(desk, key, MAIL)) == 4500
