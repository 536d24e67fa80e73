"""Who does not acknowledge in time is told again by the next channel, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from comms.acts.acknowledging import acknowledge, see
from comms.acts.chasing import seen_by
from comms.acts.deliveries import cancel
from comms.acts.incident import resolve
from comms.chase import Seen
from comms.choice import Choice, Chosen, Wish
from comms.delivery import DeliveryState
from comms.desk import Desk, House, Scene
from comms.incident import Incident, Severity
from comms.ledger import Filter
from comms.people import SITREP, Person
from comms.plan.model import Acknowledge, ChannelName, Plan
from comms.recipient import Recipient
from comms.room import Place
from comms.testing import HeldClock
from comms.timekeeper import fire_due
from storage.book import SqlStore
from storage.database import Database
from tests.acting import approved, declared, seen, sent
from tests.house import ADA

CHAT, MAIL, TEAMS = ChannelName.CHAT, ChannelName.MAIL, ChannelName.TEAMS
PLANNED, SUPPRESSED = DeliveryState.PLANNED, DeliveryState.SUPPRESSED
BOTH = ("executives", "stakeholders")
WITHIN = timedelta(minutes=15)
READER = Person(name="Reader")


@pytest.fixture
def plan(plan: Plan) -> Plan:
    """Executives of a SEV1 are asked by mail, then in a chat, then in the war room."""
    asked = Acknowledge(severities=frozenset({Severity.SEV1}), within=WITHIN, then=(CHAT, TEAMS))
    executives = replace(plan.audience("executives"), acknowledge=asked)
    return replace(plan, audiences={**plan.audiences, "executives": executives})


@pytest.fixture
async def incident(desk: Desk) -> Incident:
    return await declared(desk)


async def test_who_has_not_acknowledged_is_told_again_in_a_chat(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, "ada@x.org", "bo@x.org", chats=["ada@x.org", "bo@x.org"])
    await sent(desk, incident.key, audiences=BOTH)
    await confirmed(desk, "ada@x.org")

    await passed(desk, clock, WITHIN - timedelta(seconds=1))
    assert await told(desk) == {"ada@x.org": [MAIL], "bo@x.org": [MAIL]}
    await passed(desk, clock, timedelta(seconds=1))

    assert await told(desk) == {"ada@x.org": [MAIL], "bo@x.org": [MAIL, CHAT]}
    assert "1 of Executives have not acknowledged update 1: told again in a chat (1)" in (
        await timeline(desk)
    )


async def test_nobody_is_chased_twice_by_the_same_channel_after_a_restart_either(
    desk: Desk, database: Database, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, "bo@x.org", chats=["bo@x.org"])
    await sent(desk, incident.key, audiences=BOTH)
    await passed(desk, clock, WITHIN)

    again = Desk(store=SqlStore(database), house=desk.house, clock=clock)
    for _ in range(3):
        await passed(again, clock, WITHIN)

    assert await told(again) == {"bo@x.org": [MAIL, CHAT], "room:INC-1": [TEAMS]}


async def test_who_has_no_chat_is_told_by_the_channel_after_it(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, "bo@x.org", "cy@x.org", chats=["cy@x.org"])
    await sent(desk, incident.key, audiences=BOTH)

    await passed(desk, clock, WITHIN)

    assert await told(desk) == {
        "bo@x.org": [MAIL],
        "cy@x.org": [MAIL, CHAT],
        "room:INC-1": [TEAMS],
    }


async def test_what_is_sent_again_is_what_was_approved(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, "bo@x.org", chats=["bo@x.org"])
    update = (await sent(desk, incident.key, audiences=BOTH)).update

    ways = await seen(
        desk,
        lambda scene: [
            said.channel
            for said in scene.book.updates.statements(update)
            if said.audience == "executives"
        ],
    )

    assert ways == [MAIL, CHAT, TEAMS]


async def test_whoever_was_told_in_their_chat_is_told_by_mail_next(
    desk: Desk, plan: Plan, clock: HeldClock, incident: Incident
) -> None:
    executives = replace(
        plan.audience("executives"),
        channels=(CHAT, MAIL),
        acknowledge=Acknowledge(severities=frozenset({Severity.SEV1}), within=WITHIN),
    )
    with_chats(desk, plan, executives=executives)
    await listed(desk, "ada@x.org", "bo@x.org", chats=["ada@x.org"])
    await sent(desk, incident.key, audiences=BOTH)
    assert await told(desk) == {"ada@x.org": [CHAT], "bo@x.org": [MAIL]}

    await passed(desk, clock, WITHIN)
    await passed(desk, clock, WITHIN)

    assert await told(desk) == {"ada@x.org": [CHAT, MAIL], "bo@x.org": [MAIL]}
    assert "there is no other way to tell them" in await timeline(desk)


async def test_who_wants_nothing_or_no_chat_is_left_in_peace(
    desk: Desk, plan: Plan, clock: HeldClock, incident: Incident
) -> None:
    with_chats(
        desk,
        plan,
        executives=replace(
            plan.audience("executives"),
            may_stop=True,
            acknowledge=Acknowledge(
                severities=frozenset({Severity.SEV1}), within=WITHIN, then=(CHAT,)
            ),
        ),
    )
    await listed(desk, "off@x.org", Recipient(email="mail@x.org", channels=("mail",)))
    await chatting(desk, "off@x.org", "mail@x.org")
    await sent(desk, incident.key, audiences=BOTH)
    stopped = Chosen("executives", "off@x.org", Choice(wish=Wish.NOTHING))
    await desk.do(lambda scene: scene.book.choices.save([stopped]), READER, "mail")

    await passed(desk, clock, WITHIN)

    assert await told(desk) == {"off@x.org": [MAIL], "mail@x.org": [MAIL]}


async def test_a_newer_update_asks_again_and_the_older_is_not_chased(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, "bo@x.org", chats=["bo@x.org"])
    await sent(desk, incident.key, audiences=BOTH)
    clock.advance(timedelta(minutes=10))
    await sent(desk, incident.key, audiences=BOTH)

    await passed(desk, clock, WITHIN)

    assert await told(desk, 1) == {"bo@x.org": [MAIL]}
    assert await told(desk, 2) == {"bo@x.org": [MAIL, CHAT]}


async def test_nobody_is_asked_at_another_severity_or_when_all_is_over(
    desk: Desk, clock: HeldClock
) -> None:
    small = await declared(desk, severity=Severity.SEV2)
    await listed(desk, "bo@x.org", chats=["bo@x.org"])
    await sent(desk, small.key, audiences=BOTH)
    large = await declared(desk)
    await approved(desk, await desk.do(resolve, ADA, "teams", large.key))

    await passed(desk, clock, WITHIN)

    assert await told(desk, 1, small.key) == {"bo@x.org": [MAIL]}
    assert await told(desk, 1, large.key) == {"bo@x.org": [MAIL]}


async def test_what_was_stopped_is_chased_by_nothing(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, "bo@x.org", chats=["bo@x.org"])
    await sent(desk, incident.key, audiences=BOTH)
    await desk.do(cancel, ADA, "teams", incident.key, 1)

    await passed(desk, clock, WITHIN)

    assert await told(desk) == {}


async def test_the_reach_says_who_has_and_who_has_not(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, "ada@x.org", "bo@x.org", "cy@x.org", chats=["bo@x.org"])
    update = (await sent(desk, incident.key, audiences=BOTH)).update
    await confirmed(desk, "ada@x.org")
    await passed(desk, clock, WITHIN)
    bo = Person(name="Bo", email="Bo@x.org", entra_id="e-bo")
    for _ in range(2):
        await desk.do(see, bo, "teams", incident.key, 1, audience="executives", by=bo)

    who = await seen(desk, seen_by, update, named=5)

    assert await answers(desk, CHAT) == {"bo@x.org": clock.now()}
    assert who == {"executives": Seen(acknowledged=2, told=3, silent=("cy@x.org",))}


async def test_the_card_is_asked_for_once_for_all_who_answer_in_the_same_seconds(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, "ada@x.org", "bo@x.org", chats=[])
    await sent(desk, incident.key, audiences=BOTH)
    await confirmed(desk, "ada@x.org")
    await confirmed(desk, "bo@x.org")

    clock.advance(timedelta(seconds=5))
    fired = await desk.do(fire_due, SITREP, "timer")

    assert [timer.kind for timer in fired] == ["acknowledge.show"]


def with_chats(desk: Desk, plan: Plan, **audiences: object) -> None:
    house: House = desk.house
    changed = replace(plan, audiences={**plan.audiences, **audiences})  # type: ignore[dict-item]
    desk.house = replace(house, plan=changed)


async def listed(desk: Desk, *people: str | Recipient, chats: list[str] | None = None) -> None:
    persons = [Recipient(email=one) if isinstance(one, str) else one for one in people]

    def fill(scene: Scene) -> None:
        scene.book.recipients.replace("executives", persons)

    await desk.do(fill, SITREP, "cli")
    await chatting(desk, *(chats or []))


async def chatting(desk: Desk, *addresses: str) -> None:
    def keep(scene: Scene) -> None:
        for address in addresses:
            place = Place(conversation=f"a:{address}", service_url="https://smba.example")
            scene.book.chats.keep(address, place)

    await desk.do(keep, SITREP, "teams")


async def confirmed(desk: Desk, address: str) -> None:
    def find(scene: Scene) -> int:
        rows = scene.book.fanouts.rows("INC-1", Filter())
        return next(row.id for row in rows if row.address == address)

    await desk.do(acknowledge, READER, "mail", await seen(desk, find))


async def passed(desk: Desk, clock: HeldClock, time: timedelta) -> None:
    """Let time pass, and fire what is due."""
    clock.advance(time)
    await desk.do(fire_due, SITREP, "timer")


async def told(desk: Desk, number: int = 1, key: str = "INC-1") -> dict[str, list[ChannelName]]:
    """By which channels the executives are told, one after the other."""
    rows = await seen(
        desk,
        lambda scene: scene.book.fanouts.rows(key, Filter(update=number, audience="executives")),
    )
    found: dict[str, list[ChannelName]] = {}
    for row in sorted(rows, key=lambda row: row.planned_at):
        if row.state is PLANNED:
            found.setdefault(row.address, []).append(row.channel)
    return found


async def answers(desk: Desk, channel: ChannelName) -> dict[str, datetime | None]:
    rows = await seen(desk, lambda scene: scene.book.fanouts.rows("INC-1", Filter()))
    return {row.address: row.acknowledged_at for row in rows if row.channel is channel}


async def timeline(desk: Desk) -> str:
    entries = await seen(desk, lambda scene: scene.book.timeline.of("INC-1"))
    return "\n".join(entry.text for entry in entries)
