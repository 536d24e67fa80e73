"""Approve on behalf of somebody: a trusted caller names the approver."""

from __future__ import annotations

from comms.acts.approve import Approved, approve
from comms.approval import known
from comms.desk import Scene
from comms.people import Person, Role


def approve_for(
    scene: Scene,
    key: str,
    number: int,
    *,
    hash: str,  # noqa: A002 (the product's word)
    approver: Person | Role,
    break_glass: str = "",
    override: str = "",
) -> Approved:
    """Approve as this person, or as whoever holds this role.

    A person whom neither the incident nor the plan knows has no right: Forbidden names what is
    needed. In a role that nobody holds the caller acts itself, recorded as such: each role is then
    somebody else, so that four eyes still asks for both.
    """
    incident = scene.book.incidents.get(key)
    if isinstance(approver, Person):
        by = known(approver, incident, scene.plan) or approver
        return approve(
            scene,
            key,
            number,
            hash=hash,
            approver=by,
            break_glass=break_glass,
            override=override,
        )
    holder = incident.holder(approver)
    by = holder or Person(name=f"{scene.by.name} as {approver.label}")
    return approve(
        scene,
        key,
        number,
        hash=hash,
        approver=by,
        roles=None if holder else frozenset({approver}),
        break_glass=break_glass,
        override=override,
    )
