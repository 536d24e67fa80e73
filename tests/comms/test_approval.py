"""Whose yes is still missing: each role, met by a person of its own."""

from __future__ import annotations

from itertools import permutations

import pytest

from comms.approval import missing
from comms.people import Person, Role
from comms.testing.clock import MONDAY
from comms.update import Approval
from tests.house import ADA, BEN, CAS

IC, LEAD, SCRIBE = Role.INCIDENT_COMMANDER, Role.COMMS_LEAD, Role.SCRIBE


def yes(person: Person, *roles: Role, glass: str = "") -> Approval:
    return Approval(by=person, roles=frozenset(roles), hash="h", at=MONDAY, break_glass=glass)


@pytest.mark.parametrize(
    ("needed", "given", "left"),
    [
        ((), [], ()),
        ((IC,), [], (IC,)),
        ((IC,), [yes(ADA, IC)], ()),
        ((IC,), [yes(CAS)], (IC,)),
        ((LEAD, IC), [yes(BEN, LEAD)], (IC,)),
        ((LEAD, IC), [yes(BEN, LEAD), yes(ADA, IC)], ()),
        ((LEAD, IC), [yes(ADA, LEAD, IC), yes(BEN, LEAD)], ()),
        ((LEAD, IC), [yes(ADA, LEAD, IC), yes(BEN, LEAD, IC)], ()),
        ((LEAD, IC, SCRIBE), [yes(ADA, LEAD, IC), yes(BEN, LEAD), yes(CAS, IC)], (SCRIBE,)),
        ((LEAD, IC, SCRIBE), [yes(ADA, LEAD, IC), yes(BEN, LEAD), yes(CAS, SCRIBE)], ()),
        ((LEAD, IC), [yes(CAS, glass="fire")], ()),
    ],
)
def test_four_eyes(needed: tuple[Role, ...], given: list[Approval], left: tuple[Role, ...]) -> None:
    # In whatever order they said it.
    for order in permutations(given):
        assert missing(needed, order, four_eyes=True) == left


def test_one_person_with_two_roles_leaves_one_of_them_open() -> None:
    assert len(missing((LEAD, IC), [yes(ADA, LEAD, IC)], four_eyes=True)) == 1
    assert missing((LEAD, IC), [yes(ADA, LEAD, IC)], four_eyes=False) == ()


def test_a_second_yes_of_the_same_person_adds_no_eyes() -> None:
    again = [yes(ADA, LEAD, IC), yes(Person(name="A.", email="ADA@example.org"), LEAD, IC)]

    assert len(missing((LEAD, IC), again, four_eyes=True)) == 1
