"""Asks: needs that live in the war room until they are met."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.asks import decline, meet, take
from comms.acts.incident import resolve
from comms.ask import REMIND_AFTER, Ask, AskState
from comms.bell import Bell
from comms.desk import Desk
from comms.errors import Conflict, NotFound
from comms.outbox import Effect
from comms.report import Need
from comms.testing import HeldClock
from comms.timekeeper import Timekeeper
from storage.database import Database
from storage.outbox import SqlEffects
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, BEN, CAS, REPORT

MINUTE = timedelta(minutes=1)


async def asks(desk: Desk, key: str) -> list[Ask]:
    return list(await seen(desk, lambda scene: scene.book.asks.of(key)))


async def test_needs_become_asks_once_they_are_sent(desk: Desk) -> None:
    incident = await declared(desk)
    preview = await drafted(desk, incident.key)
    assert await asks(desk, incident.key) == []

    await approved(desk, preview)

    [ask] = await asks(desk, incident.key)
    assert (ask.need, ask.state) == (REPORT.needs[0], AskState.OPEN)


async def test_an_ask_is_taken_by_one_person(desk: Desk) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)
    [ask] = await asks(desk, incident.key)

    taken = await desk.do(take, CAS, "teams", ask.id)
    assert (taken.state, taken.taken_by) == (AskState.TAKEN, CAS)
    assert await desk.do(take, CAS, "teams", ask.id) == taken
    with pytest.raises(Conflict, match="Cas Novak has it"):
        await desk.do(take, BEN, "teams", ask.id)


async def test_an_ask_that_was_met_is_not_asked_again_by_a_draft_from_before(
    desk: Desk, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)
    preview = await drafted(desk, incident.key, replace(REPORT, risk="None."))
    [ask] = await asks(desk, incident.key)
    met = await desk.do(meet, CAS, "teams", ask.id)
    assert (met.state, met.taken_by, met.met_at) == (AskState.MET, CAS, clock.now())

    await approved(desk, preview)

    assert [one.state for one in await asks(desk, incident.key)] == [AskState.MET]


async def test_an_ask_stays_while_it_is_needed_and_is_dropped_after(desk: Desk) -> None:
    incident = await declared(desk)
    both = (Need(text="a"), Need(text="b"))
    await sent(desk, incident.key, replace(REPORT, needs=both))
    first, _ = await asks(desk, incident.key)
    await desk.do(take, CAS, "teams", first.id)

    await sent(desk, incident.key, replace(REPORT, needs=both[:1]))

    kept, dropped = await asks(desk, incident.key)
    assert (kept.state, kept.taken_by) == (AskState.TAKEN, CAS)
    assert dropped.state is AskState.DROPPED
    with pytest.raises(Conflict, match="It is dropped"):
        await desk.do(take, CAS, "teams", dropped.id)


async def test_an_unknown_ask_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.do(take, CAS, "teams", 404)


async def test_whoever_cannot_gives_the_ask_back_and_somebody_else_takes_it(desk: Desk) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)
    [ask] = await asks(desk, incident.key)
    await desk.do(take, CAS, "teams", ask.id)

    back = await desk.do(decline, CAS, "teams", ask.id, reason="My shift ends.")
    assert (back.state, back.taken_by, back.declined_by) == (AskState.OPEN, None, CAS)
    assert await desk.do(decline, CAS, "teams", ask.id) == back
    taken = await desk.do(take, BEN, "teams", ask.id)

    assert (taken.state, taken.taken_by) == (AskState.TAKEN, BEN)
    with pytest.raises(Conflict, match="Ben Okafor has it"):
        await desk.do(decline, CAS, "teams", ask.id)
    told = await seen(desk, lambda scene: scene.book.timeline.of(incident.key))
    [line] = [entry.text for entry in told if entry.kind == "ask.declined"]
    assert line == f"Cas Novak can't: {ask.need.text} (My shift ends.)"


async def test_an_ask_that_ended_cannot_be_declined(desk: Desk) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)
    [ask] = await asks(desk, incident.key)
    await desk.do(meet, CAS, "teams", ask.id)

    with pytest.raises(Conflict, match="It is met"):
        await desk.do(decline, BEN, "teams", ask.id)


async def test_an_ask_is_reminded_of_at_its_time_and_then_again_until_it_is_met(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    incident = await declared(desk)
    soon = Need(text="A decision", by=clock.now() + 10 * MINUTE)
    await sent(desk, incident.key, replace(REPORT, needs=(soon,)))
    [ask] = await asks(desk, incident.key)

    clock.advance(9 * MINUTE)
    assert await reminders(desk, database, clock) == []
    clock.advance(MINUTE)
    assert await reminders(desk, database, clock) == [ask.id]
    clock.advance(REMIND_AFTER)
    assert await reminders(desk, database, clock) == [ask.id, ask.id]

    await desk.do(meet, CAS, "teams", ask.id)
    clock.advance(2 * REMIND_AFTER)
    assert await reminders(desk, database, clock) == [ask.id, ask.id]


async def test_an_ask_without_a_time_is_reminded_of_after_a_while(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key, replace(REPORT, needs=(Need(text="Hands"),)))
    [ask] = await asks(desk, incident.key)

    clock.advance(REMIND_AFTER)

    assert await reminders(desk, database, clock) == [ask.id]


async def test_nobody_is_reminded_once_the_incident_is_over(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)
    await desk.do(resolve, ADA, "teams", incident.key)

    clock.advance(3 * REMIND_AFTER)

    assert await reminders(desk, database, clock) == []


async def reminders(desk: Desk, database: Database, clock: HeldClock) -> list[int]:
    """Fire what is due; the asks that the war room has been reminded of, in order."""
    await Timekeeper(desk=desk, clock=clock, bell=Bell()).fire()
    waiting: list[Effect] = list(await SqlEffects(database).waiting(clock.now(), limit=1_000))
    return [int(effect.payload["ask"]) for effect in waiting if effect.kind == "room.unmet"]
