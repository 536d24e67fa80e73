"""The desk: one transaction an act, and a ring for each loop that has something left to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from comms.acts.approve import approve
from comms.acts.declare import declare
from comms.acts.deliveries import retry
from comms.acts.incident import change_severity, note
from comms.bell import Bell, Topic
from comms.clock import Clock
from comms.delivery import DeliveryState, Outcome, Reason
from comms.desk import Desk, House, Scene
from comms.errors import Conflict
from comms.fanout import Runner, Slots
from comms.incident import Incident, Severity
from comms.plan.model import ChannelName
from comms.promise import PromiseState
from comms.routes import only
from comms.testing import FakeTransport, HeldClock
from comms.timekeeper import Timekeeper
from storage.book import SqlStore
from storage.database import Database
from storage.ledger import SqlLedger
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, BEN, CAS


class Ear(Bell):
    """A bell that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.rings = 0

    def ring(self) -> None:
        self.rings += 1
        super().ring()


class Ears:
    """A bell for each topic."""

    def __init__(self) -> None:
        self.bells = {topic: Ear() for topic in Topic}

    def heard(self) -> set[Topic]:
        """The topics that were rung since this was asked last."""
        heard = {topic for topic, bell in self.bells.items() if bell.rings}
        for bell in self.bells.values():
            bell.rings = 0
        return heard


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def desk(database: Database, house: House, clock: HeldClock, ears: Ears) -> Desk:
    bells = {topic: [bell] for topic, bell in ears.bells.items()}
    return Desk(store=SqlStore(database), house=house, clock=clock, bells=bells)


async def test_each_loop_is_rung_for_what_an_act_left_to_it(desk: Desk, ears: Ears) -> None:
    incident = await declared(desk)
    assert {Topic.OUTBOX, Topic.TIMERS} <= ears.heard()

    await desk.do(note, CAS, "teams", incident.key, "The acquirer confirms.")
    assert ears.heard() == {Topic.OUTBOX}

    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV2)
    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV1)
    ears.heard()
    await sent(desk, incident.key)
    assert {Topic.OUTBOX, Topic.TIMERS, Topic.FANOUT} <= ears.heard()


async def test_a_promise_brought_forward_wakes_the_timekeeper(desk: Desk, ears: Ears) -> None:
    incident = await declared(desk, severity=Severity.SEV3)
    await sent(desk, incident.key)
    ears.heard()

    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV1)

    assert Topic.TIMERS in ears.heard()


async def test_a_retry_wakes_the_fan_out(
    desk: Desk, ears: Ears, database: Database, clock: Clock
) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)
    gone = FakeTransport(
        rule=lambda delivery: Outcome(
            delivery=delivery.id, state=DeliveryState.REJECTED, reason=Reason.GONE
        )
    )
    await Runner(
        channel=ChannelName.PAGE,
        routes=only(gone),
        ledger=SqlLedger(database),
        clock=clock,
        bell=Bell(),
        owner="one",
        slots=Slots(),
    ).run_until_idle()
    ears.heard()

    assert await desk.do(retry, BEN, "api", incident.key, 1) == 1

    assert Topic.FANOUT in ears.heard()


async def test_an_act_that_is_refused_keeps_nothing_and_rings_nobody(
    desk: Desk, ears: Ears
) -> None:
    incident = await declared(desk)
    before = await seen(desk, lambda scene: scene.book.timeline.of(incident.key))
    ears.heard()

    def half_done(scene: Scene) -> None:
        note(scene, incident.key, "This is not kept.")
        raise Conflict("Not possible now.")

    with pytest.raises(Conflict):
        await desk.do(half_done, CAS, "api")

    assert await seen(desk, lambda scene: scene.book.timeline.of(incident.key)) == before
    assert ears.heard() == set()


async def test_an_act_has_one_moment_and_one_person(desk: Desk, clock: HeldClock) -> None:
    def look(scene: Scene) -> tuple[object, ...]:
        return scene.now, scene.by, scene.via

    assert await desk.do(look, CAS, "cli") == (clock.now(), CAS, "cli")


async def test_many_acts_at_once_each_keep_their_own(desk: Desk) -> None:
    async def one(number: int) -> Incident:
        return await desk.do(
            declare,
            CAS,
            "api",
            title=f"Incident {number}",
            severity=Severity.SEV4,
            nonce=f"form-{number % 20}",
        )

    made = await asyncio.gather(*(one(number) for number in range(40)))

    assert len({incident.key for incident in made}) == 20
    assert len(await seen(desk, lambda scene: scene.book.incidents.find(limit=100))) == 20


async def test_two_people_who_approve_at_the_same_time_send_once(desk: Desk) -> None:
    incident = await declared(desk)
    update = (await drafted(desk, incident.key)).update

    await asyncio.gather(
        *(
            desk.do(approve, person, "teams", incident.key, 1, hash=update.hash)
            for person in (ADA, BEN, ADA, BEN)
        )
    )

    entries = await seen(desk, lambda scene: scene.book.timeline.of(incident.key))
    assert [entry.kind for entry in entries].count("update.planned") == 1


async def test_the_timekeeper_wakes_by_itself_and_for_what_is_set_meanwhile(
    desk: Desk, ears: Ears, clock: HeldClock
) -> None:
    keeper = Timekeeper(desk=desk, clock=clock, bell=ears.bells[Topic.TIMERS])
    running = asyncio.create_task(keeper.run())
    incident = await declared(desk)
    due = clock.now() + timedelta(minutes=5)

    await until(lambda: any(moment < due for moment in clock.sleepers))  # for the nudge before
    clock.advance(timedelta(minutes=5))
    await until(lambda: any(moment > due for moment in clock.sleepers))
    running.cancel()

    promises = await seen(desk, lambda scene: scene.book.promises.of(incident.key))
    assert promises[0].state is PromiseState.MISSED


async def test_an_update_that_was_sent_is_not_sent_by_an_old_card(desk: Desk) -> None:
    incident = await declared(desk)
    first = await drafted(desk, incident.key)
    await approved(desk, first)

    again = await approved(desk, first)

    assert again.needed == ()
    assert len(again.update.approvals) == 2


async def until(condition: Callable[[], bool]) -> None:
    """Return when another task has made it so."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 (a thread makes it so)
            await asyncio.sleep(0.01)
