"""Promises over an incident's life: told before, at and after their moment; each ends once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from comms.acts.incident import assign, change_severity, change_status, offer, resolve
from comms.acts.promises import TIMERS, snooze
from comms.bell import Bell
from comms.desk import Desk, House, Scene
from comms.errors import Conflict, Invalid, Unavailable
from comms.incident import Severity, Status
from comms.outbox import Effect
from comms.people import Person, Role
from comms.plan.escalation import ESCALATION, Step
from comms.plan.load import load
from comms.promise import Promise, PromiseState
from comms.testing import HeldClock
from comms.timekeeper import Timekeeper
from comms.timeline import Entry
from storage.book import SqlStore
from storage.database import Database
from storage.outbox import SqlEffects
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, BEN, CAS, REPORT, plain_writers

MINUTE = timedelta(minutes=1)
INTERNAL = replace(REPORT, customer=None)
RESPONDERS = {"audiences": ["responders"]}


@pytest.fixture
def timekeeper(desk: Desk, clock: HeldClock) -> Timekeeper:
    return Timekeeper(desk=desk, clock=clock, bell=Bell())


async def pass_time(timekeeper: Timekeeper, clock: HeldClock, minutes: int) -> None:
    """Let each minute come, as it does."""
    for _ in range(minutes):
        clock.advance(MINUTE)
        while await timekeeper.fire():
            pass


async def promises(desk: Desk, key: str) -> dict[str, Promise]:
    """The last promise to each audience."""
    kept = await seen(desk, lambda scene: scene.book.promises.of(key))
    return {promise.audience: promise for promise in kept}


async def nudges(database: Database, clock: HeldClock) -> list[tuple[str, datetime]]:
    waiting = await SqlEffects(database).waiting(clock.now(), limit=1000)
    return [
        (str(effect.payload["phase"]), datetime.fromisoformat(str(effect.payload["due_at"])))
        for effect in waiting
        if effect.kind == "room.nudge"
    ]


async def test_the_lead_is_nudged_the_ic_told_and_the_duty_manager_called_in_turn(
    desk: Desk, database: Database, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    start = clock.now()
    await declared(desk)
    heard: dict[int, set[str]] = {}
    for minute in range(1, 22):
        before = await nudges(database, clock)
        await pass_time(timekeeper, clock, 1)
        new = [n for n in await nudges(database, clock) if n not in before]
        if new:
            heard[minute] = {f"{phase} {(due - start) // MINUTE}" for phase, due in new}

    assert heard == {
        3: {"nudge 5"},  # a promise of five minutes nudges halfway
        5: {"due 5", "nudge 10"},
        10: {"escalate 5", "due 10", "nudge 15"},
        15: {"due 15", "escalate 10"},
        20: {"escalate 15"},
    }


async def test_an_update_in_time_keeps_the_promise_and_makes_the_printed_one(
    desk: Desk, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    incident = await declared(desk)
    first = await promises(desk, incident.key)
    await pass_time(timekeeper, clock, 4)

    update = (await sent(desk, incident.key)).update

    every = await seen(desk, lambda scene: scene.book.promises.of(incident.key))
    done = {p.audience: p for p in every if p.id in {one.id for one in first.values()}}
    assert {p.state for p in done.values()} == {PromiseState.KEPT}
    assert {p.answered_by for p in done.values()} == {1}
    made = {p.audience: p.due_at for p in every if p.is_owed}
    assert made == update.promises


async def test_an_update_answers_only_the_audiences_that_it_is_for(
    desk: Desk, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key, INTERNAL, **RESPONDERS)

    last = await promises(desk, incident.key)

    assert last["responders"].made_at == clock.now()
    assert last["responders"].due_at == clock.now() + 15 * MINUTE
    assert last["executives"].due_at == clock.now() + 15 * MINUTE
    assert len(await seen(desk, lambda scene: scene.book.promises.of(incident.key))) == 5


async def test_a_missed_promise_is_told_once_and_stays_missed_when_answered_late(
    desk: Desk, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await pass_time(timekeeper, clock, 12)

    missed = await promises(desk, incident.key)
    assert missed["responders"].state is PromiseState.MISSED
    assert missed["responders"].is_owed
    assert missed["executives"].state is PromiseState.OPEN

    await sent(desk, incident.key)
    every = await seen(desk, lambda scene: scene.book.promises.of(incident.key))
    late = next(promise for promise in every if promise.id == missed["responders"].id)
    assert (late.state, late.answered_by) == (PromiseState.MISSED, 1)
    told = [entry.text for entry in await timeline(desk, incident.key) if "missed" in entry.kind]
    assert told == [
        "The update promised to responders is overdue",
        "The update promised to customers is overdue",
        "Update 1 answers the promise to responders, late",
        "Update 1 answers the promise to customers, late",
    ]


async def test_nothing_is_told_of_a_promise_that_was_answered(
    desk: Desk, database: Database, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)
    before = await nudges(database, clock)

    await pass_time(timekeeper, clock, 9)

    assert await nudges(database, clock) == before
    assert all(promise.is_owed for promise in (await promises(desk, incident.key)).values())


async def test_after_a_stop_a_stale_nudge_is_left_out_and_the_miss_says_how_late_it_is(
    desk: Desk, database: Database, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    incident = await declared(desk)
    clock.advance(timedelta(minutes=8, seconds=20))

    await timekeeper.fire()

    phases = [phase for phase, _ in await nudges(database, clock)]
    assert phases == ["due", "nudge"]  # of the responders' passed one, and the customers' next
    told = [entry.text for entry in await timeline(desk, incident.key) if "missed" in entry.kind]
    assert told == ["The update promised to responders is overdue; noticed 3 min later"]


async def test_timers_survive_a_restart(desk: Desk, database: Database, clock: HeldClock) -> None:
    incident = await declared(desk)
    clock.advance(20 * MINUTE)

    again = Timekeeper(desk=desk, clock=clock, bell=Bell())
    assert await again.fire() == 12
    assert await again.fire() == 0

    states = {p.state for p in (await promises(desk, incident.key)).values()}
    assert states == {PromiseState.MISSED}


async def test_a_timer_whose_effect_fails_is_fired_again(desk: Desk, clock: HeldClock) -> None:
    incident = await declared(desk)
    clock.advance(20 * MINUTE)

    def broken(scene: Scene) -> None:
        scene.book.timers.due(scene.now, kinds=TIMERS, limit=100)
        raise Unavailable("The disk is full.")

    with pytest.raises(Unavailable):
        await desk.do(broken, ADA, "timer")

    await Timekeeper(desk=desk, clock=clock, bell=Bell()).fire()
    states = {p.state for p in (await promises(desk, incident.key)).values()}
    assert states == {PromiseState.MISSED}


async def test_a_worse_severity_brings_promises_forward(desk: Desk, clock: HeldClock) -> None:
    incident = await declared(desk, severity=Severity.SEV3)
    await sent(desk, incident.key)
    clock.advance(10 * MINUTE)

    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV1)

    due = {name: promise.due_at for name, promise in (await promises(desk, incident.key)).items()}
    now = clock.now()
    assert due == {
        "responders": now + 15 * MINUTE,
        "executives": now + 30 * MINUTE,  # promised nothing at SEV3
        "stakeholders": now + 30 * MINUTE,
        "customers": now + 30 * MINUTE,
    }


async def test_the_timers_move_with_the_promise(
    desk: Desk, database: Database, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    incident = await declared(desk, severity=Severity.SEV3)
    await sent(desk, incident.key, INTERNAL, audiences=["stakeholders"])
    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV1)
    others = await drafted(desk, incident.key, INTERNAL, audiences=["responders", "executives"])
    await approved(desk, others, ADA)

    await pass_time(timekeeper, clock, 31)

    assert (await promises(desk, incident.key))["stakeholders"].state is PromiseState.MISSED


async def test_a_milder_severity_puts_no_promise_off(desk: Desk) -> None:
    incident = await declared(desk)
    before = await promises(desk, incident.key)

    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV4)

    assert await promises(desk, incident.key) == before


async def test_the_last_update_promises_nothing_and_releases_who_was_never_told(
    desk: Desk,
) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key, INTERNAL, **RESPONDERS)
    last = await desk.do(resolve, ADA, "teams", incident.key)
    assert last.update.audiences == ("responders", "executives", "stakeholders")

    await approved(desk, last)

    final = await promises(desk, incident.key)
    assert {name: promise.state for name, promise in final.items()} == {
        "responders": PromiseState.KEPT,
        "executives": PromiseState.KEPT,
        "stakeholders": PromiseState.KEPT,
        "customers": PromiseState.WITHDRAWN,
    }


async def test_who_was_told_is_owed_the_end_even_if_the_last_update_leaves_them_out(
    desk: Desk,
) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)
    await sent(desk, incident.key, INTERNAL, status=Status.RESOLVED, **RESPONDERS)

    final = await promises(desk, incident.key)

    assert {name for name, promise in final.items() if promise.is_owed} == {
        "executives",
        "stakeholders",
        "customers",
    }


async def test_closing_keeps_each_miss_and_owes_nothing(
    desk: Desk, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await pass_time(timekeeper, clock, 6)
    for status in (Status.RESOLVED, Status.REVIEWED, Status.CLOSED):
        await desk.do(change_status, ADA, "teams", incident.key, status)

    final = await promises(desk, incident.key)

    assert final["responders"].state is PromiseState.MISSED
    assert final["executives"].state is PromiseState.WITHDRAWN
    assert not any(promise.is_owed for promise in final.values())
    await pass_time(timekeeper, clock, 30)
    assert await promises(desk, incident.key) == final


async def test_an_incident_that_comes_back_is_promised_to_its_readers(
    desk: Desk, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)
    await approved(desk, await desk.do(resolve, ADA, "teams", incident.key))
    clock.advance(60 * MINUTE)

    await desk.do(change_status, ADA, "teams", incident.key, Status.INVESTIGATING)

    owed = {n: p.due_at for n, p in (await promises(desk, incident.key)).items() if p.is_owed}
    assert owed["executives"] == clock.now() + 30 * MINUTE
    assert len(owed) == 4


async def test_all_that_is_owed_anywhere_comes_soonest_first(desk: Desk, clock: HeldClock) -> None:
    await declared(desk, severity=Severity.SEV2)
    clock.advance(3 * MINUTE)
    await declared(desk)

    owed = await seen(desk, lambda scene: scene.book.promises.owed())

    assert [promise.due_at for promise in owed] == sorted(promise.due_at for promise in owed)
    assert {promise.incident for promise in owed} == {"INC-1", "INC-2"}


async def test_the_page_is_shown_anew_when_a_promise_on_it_passes(
    desk: Desk, database: Database, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    await declared(desk)
    await pass_time(timekeeper, clock, 5)

    kinds = {effect.kind for effect in await effects(database, clock)}

    assert {"room.nudge", "room.refresh", "page.refresh"} <= kinds


async def test_a_draft_that_is_not_sent_keeps_no_promise(
    desk: Desk, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await drafted(desk, incident.key)

    await pass_time(timekeeper, clock, 6)

    assert (await promises(desk, incident.key))["responders"].state is PromiseState.MISSED


async def effects(database: Database, clock: HeldClock) -> tuple[Effect, ...]:
    return await SqlEffects(database).waiting(clock.now(), limit=1000)


async def timeline(desk: Desk, key: str) -> tuple[Entry, ...]:
    return await seen(desk, lambda scene: scene.book.timeline.of(key))


async def test_an_update_settles_the_nudges_that_were_posted_and_no_others(
    desk: Desk, database: Database, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await pass_time(timekeeper, clock, 5)
    await sent(desk, incident.key)

    asked = await effects(database, clock)
    posted = {effect.key for effect in asked if effect.kind == "room.nudge"}
    settled = {effect.payload["nudge"] for effect in asked if effect.kind == "room.answered"}
    assert posted
    assert posted == settled


async def test_promises_that_are_alike_have_numbers_of_their_own(desk: Desk) -> None:
    incident = await declared(desk)

    def add(scene: Scene) -> tuple[Promise, ...]:
        due = scene.now + MINUTE
        alike = Promise(
            id=0, incident=incident.key, audience="customers", made_at=scene.now, due_at=due
        )
        return scene.book.promises.add([alike, alike, replace(alike, due_at=due + MINUTE)])

    made = await desk.do(add, ADA, "api")
    kept = {
        promise.id: promise
        for promise in await seen(desk, lambda scene: scene.book.promises.of(incident.key))
    }
    assert len({promise.id for promise in made}) == 3
    assert all(kept[promise.id] == promise for promise in made)


async def test_a_reminder_is_put_off_once_and_the_promise_stays(
    desk: Desk, database: Database, timekeeper: Timekeeper, clock: HeldClock
) -> None:
    start = clock.now()
    key = (await declared(desk, severity=Severity.SEV3)).key
    await sent(desk, key, INTERNAL, **RESPONDERS)
    due = (await promises(desk, key))["responders"].due_at
    await pass_time(timekeeper, clock, (due - start) // MINUTE - 5)
    before = await nudges(database, clock)

    until = await desk.do(snooze, BEN, "teams", key, due_at=due, reason="The provider answers.")
    assert until == due + 5 * MINUTE
    with pytest.raises(Conflict, match="put off once already"):
        await desk.do(snooze, BEN, "teams", key, due_at=due, reason="Again.")
    heard: dict[int, set[str]] = {}
    for minute in range(-4, 12):
        await pass_time(timekeeper, clock, 1)
        now = [n for n in await nudges(database, clock) if n not in before and n[1] == due]
        if len(now) > sum(map(len, heard.values())):
            heard[minute] = {phase for phase, _ in now} - set().union(*heard.values())

    assert heard == {5: {"due"}, 10: {"escalate"}}
    after = (await promises(desk, key))["responders"]
    assert (after.due_at, after.state) == (due, PromiseState.MISSED)
    entries = await seen(desk, lambda scene: scene.book.timeline.of(key))
    [told] = [entry.text for entry in entries if entry.kind == "promise.snoozed"]
    assert told.endswith("put the reminder for responders off by 10 min: The provider answers.")


async def test_what_is_put_off_needs_a_reason_and_somebody_who_waits(desk: Desk) -> None:
    key = (await declared(desk)).key
    due = (await promises(desk, key))["responders"].due_at

    with pytest.raises(Invalid, match="Say why"):
        await desk.do(snooze, BEN, "teams", key, due_at=due, reason=" ")
    with pytest.raises(Conflict, match="Nobody waits"):
        await desk.do(snooze, BEN, "teams", key, due_at=due + MINUTE, reason="Soon.")


async def test_a_new_comms_lead_is_told_what_is_owed(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    key = (await declared(desk)).key
    await desk.do(offer, BEN, "teams", key, role=Role.COMMS_LEAD)
    await desk.do(assign, CAS, "teams", key, role=Role.COMMS_LEAD, person=CAS)

    kinds = [effect.kind for effect in await effects(database, clock)]
    assert kinds.count("room.offer") == kinds.count("room.handover") == 1


async def test_a_longer_chain_reminds_each_in_turn_and_a_snooze_moves_who_is_left(
    database: Database, clock: HeldClock
) -> None:
    chain = (
        *ESCALATION,
        Step(offset=15 * MINUTE, whom=Person(name="Robin", email="robin@example.org")),
    )
    house = House(plan=replace(load(None), escalation=chain), writers=plain_writers())
    desk = Desk(store=SqlStore(database), house=house, clock=clock)
    timekeeper = Timekeeper(desk=desk, clock=clock, bell=Bell())
    incident = await declared(desk)
    told = await drafted(desk, incident.key, INTERNAL, audiences=["executives"])
    await approved(desk, told, ADA)
    due = (await promises(desk, incident.key))["executives"].due_at

    heard: dict[int, str] = {}
    for minute in range(1, 70):
        await pass_time(timekeeper, clock, 1)
        new = [
            effect
            for effect in await SqlEffects(database).waiting(clock.now(), limit=1000)
            if effect.kind == "room.nudge" and effect.payload["due_at"] == due.isoformat()
        ][len(heard) :]
        for effect in new:
            heard[minute - 30] = str(effect.payload["step"])
        if minute == 37:
            await desk.do(snooze, BEN, "teams", incident.key, due_at=due, reason="At eight")

    assert heard == {-5: "nudge", 0: "due", 5: "T+5m", 17: "T+5m", 32: "T+15m"}
