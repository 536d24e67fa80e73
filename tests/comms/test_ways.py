"""Channel order: everybody gets one message, by the first of their channels that reaches them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.outages import fail
from comms.acts.passing import follow
from comms.delivery import DeliveryState, Outcome, Reason
from comms.desk import Desk, Scene
from comms.estimate import estimates
from comms.incident import Incident
from comms.ledger import Filter, Settled
from comms.people import SITREP
from comms.plan.model import ChannelName, Plan
from comms.recipient import Recipient
from comms.room import Place
from comms.suppression import suppressed
from comms.testing import HeldClock
from storage.database import Database
from storage.ledger import SqlLedger
from tests.acting import declared, seen, sent

CHAT, MAIL = ChannelName.CHAT, ChannelName.MAIL
PLANNED = DeliveryState.PLANNED
BOTH = ("executives", "stakeholders")


@pytest.fixture
def plan(plan: Plan) -> Plan:
    """Executives are told in a chat, else by mail; stakeholders by mail."""
    executives = replace(plan.audience("executives"), channels=(CHAT, MAIL))
    return replace(plan, audiences={**plan.audiences, "executives": executives})


@pytest.fixture
async def incident(desk: Desk) -> Incident:
    return await declared(desk)


async def test_who_has_no_chat_with_the_app_is_told_by_mail(desk: Desk, incident: Incident) -> None:
    await listed(desk, "executives", Recipient(email="Has@x.org"), Recipient(email="none@x.org"))
    await chatting(desk, "has@x.org")

    await sent(desk, incident.key, audiences=BOTH)

    assert await told(desk, incident, "Has@x.org") == {CHAT: None, MAIL: Reason.OTHER_CHANNEL}
    assert await told(desk, incident, "none@x.org") == {CHAT: Reason.NO_ADDRESS, MAIL: None}


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        (("mail", "chat"), {CHAT: Reason.OTHER_CHANNEL, MAIL: None}),
        (("teams", "mail"), {CHAT: None, MAIL: Reason.OTHER_CHANNEL}),
        (("mail",), {CHAT: Reason.UNSUBSCRIBED, MAIL: None}),
        (("page",), {CHAT: Reason.UNSUBSCRIBED, MAIL: Reason.UNSUBSCRIBED}),
    ],
)
async def test_peoples_own_order_goes_before_the_plans(
    desk: Desk,
    incident: Incident,
    channels: tuple[str, ...],
    expected: dict[ChannelName, Reason | None],
) -> None:
    await listed(desk, "executives", Recipient(email="own@x.org", channels=channels))
    await chatting(desk, "own@x.org")

    await sent(desk, incident.key, audiences=BOTH)

    assert await told(desk, incident, "own@x.org") == expected


async def test_who_cannot_be_reached_by_their_first_channel_is_told_by_the_next(
    desk: Desk, incident: Incident
) -> None:
    await listed(desk, "executives", Recipient(email="back@x.org", channels=("mail", "chat")))
    await chatting(desk, "back@x.org")
    await bounced(desk, "back@x.org")

    await sent(desk, incident.key, audiences=BOTH)

    assert await told(desk, incident, "back@x.org") == {CHAT: None, MAIL: Reason.BOUNCED}


async def test_whom_their_chat_refuses_is_told_by_mail_instead_once(
    desk: Desk, database: Database, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, "executives", Recipient(email="a@x.org"), Recipient(email="b@x.org"))
    await chatting(desk, "a@x.org", "b@x.org")
    await sent(desk, incident.key, audiences=BOTH)
    ledger = SqlLedger(database)
    lease = timedelta(minutes=2)
    claim = await ledger.claim(channel=CHAT, owner="me", now=clock.now(), lease=lease)
    assert claim
    took = await ledger.advance(claim, [], take=9, now=clock.now(), lease=lease)
    states = (DeliveryState.REJECTED, DeliveryState.ACCEPTED)
    done = [
        Settled(Outcome(one.id, state, Reason.FORBIDDEN if state is states[0] else None))
        for one, state in zip(took.deliveries, states, strict=True)
    ]
    await ledger.advance(claim, done, take=0, now=clock.now(), lease=lease)

    for _ in range(2):
        await desk.do(follow, SITREP, "timer", incident.key, 1)

    assert await states_of(desk, incident, "a@x.org") == {
        CHAT: (DeliveryState.CANCELLED, Reason.SUPERSEDED),
        MAIL: (PLANNED, None),
    }
    assert await states_of(desk, incident, "b@x.org") == {
        CHAT: (DeliveryState.ACCEPTED, None),
        MAIL: (DeliveryState.SUPPRESSED, Reason.OTHER_CHANNEL),
    }


async def test_when_chats_fail_those_who_wait_are_told_by_mail(
    desk: Desk, incident: Incident
) -> None:
    await listed(desk, "executives", Recipient(email="a@x.org"), Recipient(email="b@x.org"))
    await chatting(desk, "a@x.org")
    await sent(desk, incident.key, audiences=BOTH)

    for _ in range(2):
        await desk.do(fail, SITREP, "timer", CHAT, "503")

    assert await states_of(desk, incident, "a@x.org") == {
        CHAT: (DeliveryState.CANCELLED, Reason.SUPERSEDED),
        MAIL: (PLANNED, None),
    }
    assert await states_of(desk, incident, "b@x.org") == {
        CHAT: (DeliveryState.SUPPRESSED, Reason.NO_ADDRESS),
        MAIL: (PLANNED, None),
    }


async def test_who_is_told_in_a_chat_as_one_gets_no_mail_as_another(
    desk: Desk, incident: Incident
) -> None:
    await listed(desk, "executives", Recipient(email="both@x.org"))
    await listed(desk, "stakeholders", Recipient(email="both@x.org"))
    await chatting(desk, "both@x.org")

    await sent(desk, incident.key, audiences=BOTH)

    assert await told(desk, incident, "both@x.org", "stakeholders") == {MAIL: Reason.DUPLICATE}


async def test_an_audience_that_cannot_tell_somebody_leaves_it_to_the_next(
    desk: Desk, incident: Incident
) -> None:
    await listed(desk, "executives", Recipient(email="both@x.org", channels=("chat",)))
    await listed(desk, "stakeholders", Recipient(email="both@x.org"))

    await sent(desk, incident.key, audiences=BOTH)

    assert await told(desk, incident, "both@x.org", "stakeholders") == {MAIL: None}


async def test_the_estimate_counts_everybody_once(desk: Desk, incident: Incident) -> None:
    await listed(desk, "executives", Recipient(email="has@x.org"), Recipient(email="none@x.org"))
    await chatting(desk, "has@x.org")
    update = (await sent(desk, incident.key, audiences=BOTH)).update

    def look(scene: Scene) -> int:
        return estimates(scene, update, scene.plan.enabled())["executives"].recipients

    assert await seen(desk, look) == 2


async def listed(desk: Desk, audience: str, *people: Recipient) -> None:
    await desk.do(lambda scene: scene.book.recipients.replace(audience, people), SITREP, "cli")


async def chatting(desk: Desk, *addresses: str) -> None:
    def keep(scene: Scene) -> None:
        for address in addresses:
            place = Place(conversation=f"a:{address}", service_url="https://smba.example")
            scene.book.chats.keep(address, place)

    await desk.do(keep, SITREP, "teams")


async def bounced(desk: Desk, address: str) -> None:
    def keep(scene: Scene) -> None:
        gone = suppressed(None, address, reason=Reason.BOUNCED, evidence="", now=scene.now)
        scene.book.suppressions.save(gone)

    await desk.do(keep, SITREP, "timer")


async def states_of(
    desk: Desk, incident: Incident, address: str
) -> dict[ChannelName, tuple[DeliveryState, Reason | None]]:
    rows = await seen(desk, lambda scene: scene.book.fanouts.rows(incident.key, Filter()))
    return {row.channel: (row.state, row.reason) for row in rows if row.address == address}


async def told(
    desk: Desk, incident: Incident, address: str, audience: str = "executives"
) -> dict[ChannelName, Reason | None]:
    """By which channels, and why not by the others."""
    rows = await seen(
        desk, lambda scene: scene.book.fanouts.rows(incident.key, Filter(audience=audience))
    )
    mine = [row for row in rows if row.address == address]
    assert all((row.state is PLANNED) == (row.reason is None) for row in mine)
    return {row.channel: row.reason for row in mine}
