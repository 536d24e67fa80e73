"""The life of an incident: the moves that are allowed, and no others."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from comms.errors import Conflict
from comms.incident import MOVES, OPEN, Incident, Severity, Status, move
from comms.people import Person, Role
from comms.testing.clock import MONDAY
from tests.house import ADA, BEN, CAS

ALLOWED = {
    ("triage", "declared"),
    ("triage", "closed"),
    ("declared", "investigating"),
    ("declared", "identified"),
    ("declared", "monitoring"),
    ("declared", "resolved"),
    ("investigating", "identified"),
    ("investigating", "monitoring"),
    ("investigating", "resolved"),
    ("identified", "investigating"),
    ("identified", "monitoring"),
    ("identified", "resolved"),
    ("monitoring", "investigating"),
    ("monitoring", "identified"),
    ("monitoring", "resolved"),
    ("resolved", "investigating"),
    ("resolved", "reviewed"),
    ("reviewed", "closed"),
}

LATER = MONDAY + timedelta(hours=1)


def incident(status: Status = Status.DECLARED, **roles: Person) -> Incident:
    return Incident(
        id=1,
        key="INC-1",
        title="Card payments failing",
        severity=Severity.SEV1,
        status=status,
        declared_by=CAS,
        declared_at=MONDAY,
        resolved_at=None if status in OPEN else MONDAY,
        roles={Role(name): person for name, person in roles.items()},
    )


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_an_incident_makes_the_allowed_moves_only(before: Status, after: Status) -> None:
    if before is after or (before, after) in ALLOWED:
        assert move(incident(before), after, now=LATER).status is after
        return
    with pytest.raises(Conflict, match=f"INC-1 is {before}; it cannot become {after}"):
        move(incident(before), after, now=LATER)


def test_every_status_has_its_moves() -> None:
    assert set(MOVES) == set(Status)
    assert {status for status in Status if status.is_open} == OPEN


def test_a_forbidden_move_names_the_allowed_ones_and_the_field() -> None:
    with pytest.raises(Conflict) as caught:
        move(incident(Status.RESOLVED), Status.CLOSED, now=LATER)

    assert caught.value.detail.endswith("Allowed: investigating, reviewed.")
    assert caught.value.pointer == "/status"


def test_a_closed_incident_is_final() -> None:
    with pytest.raises(Conflict, match="nothing: it is final"):
        move(incident(Status.CLOSED), Status.INVESTIGATING, now=LATER)


def test_the_moment_of_resolution_is_kept_until_it_comes_back() -> None:
    resolved = move(incident(), Status.RESOLVED, now=LATER)
    assert resolved.resolved_at == LATER

    reviewed = move(resolved, Status.REVIEWED, now=LATER + timedelta(days=1))
    assert reviewed.resolved_at == LATER

    again = move(resolved, Status.INVESTIGATING, now=LATER + timedelta(days=1))
    assert again.resolved_at is None


def test_a_person_may_hold_several_roles() -> None:
    led = incident(incident_commander=ADA, comms_lead=ADA, scribe=BEN)

    assert led.roles_of(ADA) == {Role.INCIDENT_COMMANDER, Role.COMMS_LEAD}
    assert led.holder(Role.SCRIBE) == BEN
    assert led.roles_of(CAS) == frozenset()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Person(name="A", email="a@x.org"), Person(name="B", email="A@X.org"), True),
        (Person(name="A", entra_id="1"), Person(name="A", entra_id="2"), False),
        (Person(name="A", email="a@x.org", entra_id="1"), Person(name="A", entra_id="1"), True),
        (Person(name="A", teams_id="29:a"), Person(name="A", email="a@x.org"), False),
        (Person(name="Anna"), Person(name="anna"), True),
        (Person(name="Anna"), Person(name="Bert"), False),
        (Person(name="Anna", email="a@x.org"), Person(name="Anna"), False),
    ],
)
def test_people_are_the_same_by_what_identifies_them(
    one: Person, other: Person, same: bool
) -> None:
    assert one.is_same(other) is same
    assert other.is_same(one) is same
