"""Holders: people of an audience because of their role in the incident that it is told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comms.desk import Scene
from comms.people import Person, Role
from comms.plan.model import Audience
from comms.recipient import Listed
from comms.source import SourceKind


def holders(scene: Scene, incident: str, audience: Audience) -> tuple[Listed, ...]:
    """The people whom an audience's roles name in an incident, but for those it has anyway.

    Whoever is known from Teams alone, without an address, is left out.
    """
    found = _by_address(scene, incident, audience)
    known = scene.book.recipients.found(audience.name, [*found]) if found else ()
    for one in known:
        found.pop(one.email.casefold(), None)
    return tuple(Listed(0, person.email, person.name, "", "") for person in found.values())


def add_holders(
    scene: Scene,
    incident: str,
    emails: Sequence[str],
    audiences: Sequence[Audience],
    found: Mapping[str, Mapping[str, str]],
) -> Mapping[str, Mapping[str, str]]:
    """Return in which of the audiences these people are, with those where they hold a role."""
    if not any(source.kind is SourceKind.ROLE for one in audiences for source in one.sources):
        return found
    looked_for = {email.casefold() for email in emails}
    all_found = {address: dict(names) for address, names in found.items()}
    for audience in audiences:
        for address in looked_for.intersection(_by_address(scene, incident, audience)):
            all_found.setdefault(address, {}).setdefault(audience.name, "")
    return all_found


def _by_address(scene: Scene, incident: str, audience: Audience) -> dict[str, Person]:
    roles = [Role(one.name) for one in audience.sources if one.kind is SourceKind.ROLE]
    if not roles:
        return {}
    held = scene.book.incidents.get(incident)
    people = [person for role in roles for person in _in_role(scene, role, held.holder(role))]
    return {person.email.casefold(): person for person in people if person.email}


def _in_role(scene: Scene, role: Role, holder: Person | None) -> tuple[Person, ...]:
    """Nobody takes LEGAL in an incident: the plan names who it is."""
    if role is Role.LEGAL:
        return scene.plan.approvers.get(role, ())
    return (holder,) if holder else ()
