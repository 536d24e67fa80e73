"""Inviting: who is told, once; what changes goes to all who know, under one uid."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from comms.acts.invitations import Invited, call_off, invite
from comms.delivery import DeliveryState
from comms.desk import Desk, Scene
from comms.errors import Conflict, Invalid
from comms.incident import Incident
from comms.invitation import Meeting
from comms.ledger import Filter
from comms.people import SITREP
from comms.recipient import Recipient
from comms.testing import HeldClock
from tests.acting import declared, seen
from tests.house import ADA, BEN

URL = "https://meet.example.org/41"
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
async def incident(desk: Desk) -> Incident:
    return await declared(desk)


async def test_whoever_has_a_role_is_invited_once(
    desk: Desk, incident: Incident, clock: HeldClock
) -> None:
    first = await invited(desk, incident, clock.now())
    again = await invited(desk, incident, clock.now())

    assert first == again
    assert (first.sequence, first.invited) == (0, 2)
    assert await addresses(desk, first) == {ADA.email, BEN.email}
    told = await seen(desk, lambda scene: scene.book.timeline.of(incident.key))
    assert [entry.kind for entry in told].count("meeting.invited") == 1


async def test_another_time_goes_to_all_who_know_of_it_under_the_same_uid(
    desk: Desk, incident: Incident, clock: HeldClock
) -> None:
    def replace_all(scene: Scene) -> None:
        scene.book.recipients.replace("executives", [Recipient(email="cfo@x.org")])

    await desk.do(replace_all, SITREP, "cli")
    first = await invited(desk, incident, clock.now(), audiences=["executives"])
    moved = await invited(desk, incident, clock.now() + HALF_AN_HOUR)
    off = await desk.do(call_off, ADA, "api", incident.key, Meeting.BRIDGE)
    again = await desk.do(call_off, ADA, "api", incident.key, Meeting.BRIDGE)

    assert (first.sequence, moved.sequence, off.sequence) == (0, 1, 2)
    assert off == again
    assert off.is_off
    for said in (first, moved, off):
        assert await addresses(desk, said) == {ADA.email, BEN.email, "cfo@x.org"}
    uids = {await uid(desk, said) for said in (first, moved, off)}
    assert len(uids) == 1


async def test_the_bridge_and_the_review_are_two_meetings(
    desk: Desk, incident: Incident, clock: HeldClock
) -> None:
    bridge = await invited(desk, incident, clock.now())
    review = await invited(desk, incident, clock.now(), meeting=Meeting.REVIEW)

    assert review.sequence == 0
    assert await uid(desk, bridge) != await uid(desk, review)
    rows = await seen(desk, lambda scene: scene.book.fanouts.rows(review.key, Filter()))
    assert {row.state for row in rows} == {DeliveryState.PLANNED}


@pytest.mark.parametrize(
    ("differs", "pointer"),
    [
        ({"url": "http://meet.example.org"}, "/url"),
        ({"url": "https://meet.example.org/\r\nATTENDEE:mailto:x@y.example"}, "/url"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"length": timedelta(0)}, "/minutes"),
        ({"audiences": ["customers"]}, "/audiences"),
        ({"audiences": ["nobody"]}, "/audiences"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(
    desk: Desk,
    incident: Incident,
    clock: HeldClock,
    differs: dict[str, object],
    pointer: str,
) -> None:
    with pytest.raises(Invalid) as wrong:
        await invited(desk, incident, clock.now(), **differs)  # type: ignore[arg-type]

    assert wrong.value.pointer == pointer


async def test_a_meeting_that_was_never_called_cannot_be_called_off(
    desk: Desk, incident: Incident, clock: HeldClock
) -> None:
    with pytest.raises(Conflict):
        await desk.do(call_off, ADA, "api", incident.key, Meeting.REVIEW)
    with pytest.raises(Invalid):
        await invited(desk, incident, clock.now() - timedelta(days=2))


async def invited(
    desk: Desk,
    incident: Incident,
    starts: datetime,
    *,
    meeting: Meeting = Meeting.BRIDGE,
    **differs: object,
) -> Invited:
    given = {"length": HALF_AN_HOUR, "url": URL, **differs}
    return await desk.do(
        invite,
        ADA,
        "api",
        incident.key,
        meeting,
        starts=starts,
        **given,  # type: ignore[arg-type]
    )


async def addresses(desk: Desk, said: Invited) -> set[str]:
    rows = await seen(desk, lambda scene: scene.book.fanouts.rows(said.key, Filter()))
    return {row.address for row in rows}


async def uid(desk: Desk, said: Invited) -> str:
    bulletin = await seen(desk, lambda scene: scene.book.bulletins.get(said.key))
    assert bulletin is not None
    return str(bulletin.facts["uid"])
