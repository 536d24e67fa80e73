"""Declaring: two inputs, once, and readers are promised a first update."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comms.acts.declare import confirm, declare
from comms.acts.incident import change_status
from comms.desk import Desk, Scene
from comms.errors import Conflict, Invalid, NotFound
from comms.incident import Incident, Severity, Status
from comms.promise import Promise
from comms.room import Place
from comms.testing import HeldClock
from comms.timeline import Deed, Entry
from tests.acting import declared, seen
from tests.house import ADA, CAS

MINUTE = timedelta(minutes=1)


async def test_a_title_and_a_severity_are_enough(desk: Desk, clock: HeldClock) -> None:
    incident = await desk.do(
        declare, CAS, "teams", title=" Card payments\nfailing ", severity=Severity.SEV1, nonce="f1"
    )

    assert incident.key == "INC-1"
    assert incident.title == "Card payments failing"
    assert incident.status is Status.DECLARED
    assert (incident.declared_by, incident.declared_at) == (CAS, clock.now())
    assert await seen(desk, get, "inc-1 ") == incident


async def test_the_same_form_declares_once(desk: Desk) -> None:
    form = {"title": "Card payments failing", "severity": Severity.SEV1, "nonce": "form-1"}
    first = await desk.do(declare, CAS, "teams", **form)  # type: ignore[arg-type]
    again = await desk.do(declare, CAS, "teams", **form)  # type: ignore[arg-type]

    assert again == first
    assert len(await seen(desk, promises, first.key)) == 4
    assert [entry.kind for entry in await seen(desk, timeline, first.key)] == ["incident.declared"]


async def test_keys_count_up(desk: Desk) -> None:
    assert [(await declared(desk)).key for _ in range(3)] == ["INC-1", "INC-2", "INC-3"]


async def test_each_audience_is_promised_its_first_update(desk: Desk, clock: HeldClock) -> None:
    clock.advance(timedelta(seconds=20))
    incident = await declared(desk)

    due = {p.audience: p.due_at for p in await seen(desk, promises, incident.key)}

    # Rounded up to the minute that is printed.
    start = clock.now() + timedelta(seconds=40)
    assert due == {
        "responders": start + 5 * MINUTE,
        "executives": start + 15 * MINUTE,
        "stakeholders": start + 15 * MINUTE,
        "customers": start + 10 * MINUTE,
    }


async def test_a_suspected_incident_promises_nothing_until_it_is_confirmed(
    desk: Desk, clock: HeldClock
) -> None:
    incident = await declared(desk, suspected=True)
    assert incident.status is Status.TRIAGE
    assert await seen(desk, promises, incident.key) == ()

    clock.advance(timedelta(hours=3))
    confirmed = await desk.do(confirm, ADA, "teams", incident.key)

    assert confirmed.status is Status.DECLARED
    dues = [promise.due_at for promise in await seen(desk, promises, incident.key)]
    assert min(dues) == clock.now() + 5 * MINUTE


async def test_confirming_by_the_status_promises_as_well(desk: Desk) -> None:
    incident = await declared(desk, suspected=True)

    await desk.do(change_status, ADA, "teams", incident.key, Status.DECLARED)

    assert len(await seen(desk, promises, incident.key)) == 4


async def test_what_is_no_suspicion_cannot_be_confirmed(desk: Desk) -> None:
    incident = await declared(desk)

    with pytest.raises(Conflict, match="INC-1 is declared, not in triage"):
        await desk.do(confirm, ADA, "teams", incident.key)


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        ({"title": " \n"}, "/title"),
        ({"title": "x" * 201}, "/title"),
        ({"summary": "x" * 10_001}, "/summary"),
        ({"services": ["ok", "x" * 81]}, "/services/1"),
        ({"services": ["x"] * 21}, "/services"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_kept(
    desk: Desk, form: dict[str, object], pointer: str
) -> None:
    whole = {"title": "Payments", "severity": Severity.SEV1, "nonce": "f"} | form

    with pytest.raises(Invalid) as caught:
        await desk.do(declare, CAS, "teams", **whole)  # type: ignore[arg-type]

    assert caught.value.pointer == pointer
    assert await seen(desk, everything) == ()


async def test_hostile_text_is_kept_as_typed(desk: Desk) -> None:
    typed = "<at>all</at> **x** {{ 7*7 }} <script>'\"; DROP TABLE incident; --"

    incident = await desk.do(
        declare, CAS, "teams", title=typed, severity=Severity.SEV1, nonce="f", summary=typed
    )

    kept = await seen(desk, get, incident.key)
    assert (kept.title, kept.summary) == (typed, typed)


async def test_the_place_of_the_declaration_is_remembered(desk: Desk) -> None:
    place = Place(conversation="19:x", service_url="https://smba.example/", channel="19:x")
    incident = await desk.do(
        declare, CAS, "teams", title="t", severity=Severity.SEV2, nonce="f", place=place
    )

    assert await seen(desk, lambda scene: scene.book.rooms.origin(incident.key)) == place
    assert await seen(desk, lambda scene: scene.book.rooms.of(incident.key)) is None


async def test_who_declared_is_in_the_timeline_and_the_audit(desk: Desk) -> None:
    incident = await declared(desk, roles={})

    [entry] = await seen(desk, timeline, incident.key)
    [deed] = await seen(desk, audit, incident.key)
    assert entry.text == "Cas Novak declared INC-1 (SEV1): Card payments failing"
    assert (deed.action, deed.by, deed.via) == ("incident.declared", CAS, "teams")


async def test_an_unknown_incident_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound, match="There is no incident 'INC-404'"):
        await seen(desk, get, "INC-404")


@pytest.mark.parametrize("words", ["card", "PAYMENTS card", "inc-1", "störung", "STÖRUNG"])
async def test_an_incident_is_found_by_its_words_or_its_key(desk: Desk, words: str) -> None:
    await desk.do(
        declare, CAS, "teams", title="Störung: card payments", severity=Severity.SEV1, nonce="1"
    )
    await desk.do(declare, CAS, "teams", title="100% of mail", severity=Severity.SEV1, nonce="2")

    assert [i.key for i in await seen(desk, everything, words)] == ["INC-1"]


async def test_signs_in_a_search_are_looked_for_as_typed(desk: Desk) -> None:
    await declared(desk)
    await desk.do(declare, CAS, "teams", title="100% of mail", severity=Severity.SEV1, nonce="2")

    assert [i.key for i in await seen(desk, everything, "%")] == ["INC-2"]
    assert await seen(desk, everything, "_") == ()


def get(scene: Scene, key: str) -> Incident:
    return scene.book.incidents.get(key)


def everything(scene: Scene, words: str = "") -> tuple[Incident, ...]:
    return tuple(scene.book.incidents.find(words=words))


def promises(scene: Scene, key: str) -> tuple[Promise, ...]:
    return scene.book.promises.of(key)


def timeline(scene: Scene, key: str) -> tuple[Entry, ...]:
    return scene.book.timeline.of(key)


def audit(scene: Scene, key: str) -> tuple[Deed, ...]:
    return scene.book.audit.of(key)
