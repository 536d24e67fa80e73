"""Leading an incident: notes, its end, and what the record says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comms.acts.deliveries import retry
from comms.acts.incident import assign, change_severity, change_status, note, resolve
from comms.desk import Desk, Scene
from comms.errors import Conflict, Invalid
from comms.incident import Severity, Status
from comms.people import Person, Role
from comms.plan.model import ChannelName
from comms.update import Kind
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA, BEN, CAS


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


async def test_only_what_was_sent_can_be_sent_again(desk: Desk) -> None:
    incident = await declared(desk)
    await drafted(desk, incident.key)

    with pytest.raises(Conflict, match="Update 1 of INC-1 has not been sent"):
        await desk.do(retry, ADA, "api", incident.key, 1)


async def test_a_person_sees_an_update_once(desk: Desk) -> None:
    def see(scene: Scene, by: Person) -> bool:
        return scene.book.sightings.acknowledge(
            incident="INC-1",
            number=1,
            by=by,
            audience="responders",
            way=ChannelName.CHAT,
            now=scene.now,
        )

    assert await desk.do(see, ADA, "teams", ADA) is True
    assert await desk.do(see, ADA, "teams", replace(ADA, name="A. L.")) is False
    assert await desk.do(see, BEN, "teams", BEN) is True
    who = await seen(desk, lambda scene: scene.book.sightings.acknowledged("INC-1", 1))
    assert who == (ADA, BEN)
