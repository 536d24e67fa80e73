"""Leading an incident: notes, its end, and what the record says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comms.acts.asks import meet, take
from comms.acts.deliveries import retry
from comms.acts.incident import assign, change_severity, change_status, note, resolve
from comms.ask import Ask, AskState
from comms.desk import Desk, Scene
from comms.errors import Conflict, Invalid, NotFound
from comms.incident import Severity, Status
from comms.people import Person, Role
from comms.report import Need
from comms.testing import HeldClock
from comms.update import Kind
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, BEN, CAS, REPORT


async def test_resolving_drafts_the_last_update_for_whoever_was_told(desk: Desk) -> None:
    incident = await declared(desk)
    await sent(desk, incident.key)

    last = await desk.do(resolve, ADA, "teams", incident.key)

    assert (last.update.kind, last.update.status) == (Kind.RESOLVED, Status.RESOLVED)
    assert last.update.audiences == ("responders", "executives", "stakeholders", "customers")
    assert last.update.report.needs == ()
    assert last.update.promises == {}
    after = await seen(desk, lambda scene: scene.book.incidents.get(incident.key))
    assert (after.status, after.resolved_at) == (Status.RESOLVED, desk.clock.now())


async def test_resolving_what_was_never_reported_still_tells_the_end(desk: Desk) -> None:
    incident = await declared(desk)

    last = await desk.do(resolve, ADA, "teams", incident.key)

    assert last.update.report.conditions == "Card payments failing: resolved."
    assert last.update.number == 1


async def test_resolving_twice_drafts_once_and_after_the_last_word_nothing(desk: Desk) -> None:
    incident = await declared(desk)
    first = await desk.do(resolve, ADA, "teams", incident.key)
    again = await desk.do(resolve, ADA, "teams", incident.key)
    assert again.update == first.update

    await approved(desk, first)
    after = await desk.do(resolve, ADA, "teams", incident.key)

    assert after.update.number == 1
    assert len(await seen(desk, lambda scene: scene.book.updates.of(incident.key))) == 1


async def test_a_suspicion_cannot_be_resolved(desk: Desk) -> None:
    incident = await declared(desk, suspected=True)

    with pytest.raises(Conflict, match="Allowed: closed, declared"):
        await desk.do(resolve, ADA, "teams", incident.key)


async def test_nothing_about_a_closed_incident_changes(desk: Desk) -> None:
    incident = await declared(desk, suspected=True)
    await desk.do(change_status, ADA, "teams", incident.key, Status.CLOSED)

    with pytest.raises(Conflict):
        await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV2)
    with pytest.raises(Conflict):
        await desk.do(assign, ADA, "teams", incident.key, role=Role.SCRIBE, person=CAS)
    with pytest.raises(Conflict):
        await desk.do(resolve, ADA, "teams", incident.key)
    with pytest.raises(Conflict):
        await drafted(desk, incident.key)


async def test_a_note_is_a_line_of_the_timeline(desk: Desk) -> None:
    incident = await declared(desk)

    await desk.do(note, CAS, "teams", incident.key, " The acquirer\r\nconfirms. ")

    entry = (await seen(desk, lambda scene: scene.book.timeline.of(incident.key)))[-1]
    assert (entry.kind, entry.text, entry.by) == ("note", "The acquirer\nconfirms.", CAS)
    with pytest.raises(Invalid, match="Write what happened"):
        await desk.do(note, CAS, "teams", incident.key, " \n")


async def test_the_timeline_can_be_read_on_from_a_line(desk: Desk) -> None:
    incident = await declared(desk)
    first, *rest = await seen(desk, lambda scene: scene.book.timeline.of(incident.key))

    later = await seen(desk, lambda scene: scene.book.timeline.of(incident.key, after=first.id))

    assert later == tuple(rest)


async def test_a_role_goes_from_one_to_the_other(desk: Desk) -> None:
    incident = await declared(desk)

    after = await desk.do(assign, CAS, "teams", incident.key, role=Role.COMMS_LEAD, person=CAS)

    assert after.holder(Role.COMMS_LEAD) == CAS
    entry = (await seen(desk, lambda scene: scene.book.timeline.of(incident.key)))[-1]
    assert entry.text == "Cas Novak is comms lead in place of Ben Okafor"


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


async def test_only_what_was_sent_can_be_sent_again(desk: Desk) -> None:
    incident = await declared(desk)
    await drafted(desk, incident.key)

    with pytest.raises(Conflict, match="Update 1 of INC-1 has not been sent"):
        await desk.do(retry, ADA, "api", incident.key, 1)


async def test_a_person_sees_an_update_once(desk: Desk) -> None:
    def see(scene: Scene, by: Person) -> bool:
        return scene.book.sightings.acknowledge(
            incident="INC-1", number=1, by=by, audience="responders", now=scene.now
        )

    assert await desk.do(see, ADA, "teams", ADA) is True
    assert await desk.do(see, ADA, "teams", replace(ADA, name="A. L.")) is False
    assert await desk.do(see, BEN, "teams", BEN) is True
    who = await seen(desk, lambda scene: scene.book.sightings.acknowledged("INC-1", 1))
    assert who == (ADA, BEN)
