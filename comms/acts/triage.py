"""What is learned of an incident once it is declared: what it hits, and of which type it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comms import text
from comms.acts.draft import redraft
from comms.acts.promises import tighten
from comms.acts.show import show_incident
from comms.desk import Scene
from comms.errors import Conflict, Invalid
from comms.incident import Incident, IncidentType, Status
from comms.language import SOURCE, listed
from comms.plan.catalogue import Service

SERVICES = 20
"""At most so many services an incident."""


def services_of(scene: Scene, typed: Sequence[str]) -> tuple[str, ...]:
    """Return the services that somebody typed, known ones by their labels, each once.

    Invalid where one is unknown and the plan lets no others be named.
    """
    if len(typed) > SERVICES:
        raise Invalid(f"At most {SERVICES} services; this names {len(typed)}.", pointer="/services")
    kept = (
        text.line(service, pointer=f"/services/{at}", limit=80) for at, service in enumerate(typed)
    )
    named = (
        scene.plan.catalogue.named(service, pointer=f"/services/{at}")
        for at, service in enumerate(kept)
        if service
    )
    return tuple(dict.fromkeys(named))


def change_services(scene: Scene, key: str, typed: Sequence[str]) -> Incident:
    """Say what the incident hits: where a service has a plan of its own, it holds from now on.

    Promises come sooner if need be, an open draft is rendered anew.
    """
    incident = scene.book.incidents.get(key)
    services = services_of(scene, typed)
    if services == incident.services:
        return incident
    after = replace(incident, services=services)
    hits = _listed(services) if services else "no service that is known"
    return _changed(scene, after, "incident.services", f"{scene.by.name}: {key} hits {hits}")


def change_type(
    scene: Scene,
    key: str,
    type: IncidentType,  # noqa: A002 (the product's word)
) -> Incident:
    """Say of which type it is: another type has other house rules and checklists."""
    incident = scene.book.incidents.get(key)
    if type is incident.type:
        return incident
    after = replace(incident, type=type)
    said = f"{scene.by.name}: {key} is of the type {type.label}, no longer {incident.type.label}"
    return _changed(scene, after, "incident.type", said)


def describe(
    scene: Scene,
    key: str,
    *,
    services: Sequence[str],
    type: IncidentType,  # noqa: A002 (the product's word)
) -> Incident:
    """Say what it hits and of which type it is; what is as before changes nothing."""
    change_services(scene, key, services)
    return change_type(scene, key, type)


def tell_services(scene: Scene, incident: Incident) -> None:
    """Write down whose the services are, whom to bring in, and what suffers with them."""
    catalogue = scene.plan.catalogue
    services = catalogue.hit(incident.services)
    said = [line for service in services for line in _about(service)]
    if suffering := catalogue.suffering(services):
        said.append(f"May suffer with it: {_listed([one.label for one in suffering])}.")
    if said:
        scene.tell(incident.key, "incident.owners", " ".join(said))


def _changed(scene: Scene, after: Incident, kind: str, said: str) -> Incident:
    if after.status in {Status.REVIEWED, Status.CLOSED}:
        raise Conflict(f"{after.key} is {after.status}; nothing about it changes any more.")
    scene.book.incidents.save(after)
    scene.tell(after.key, kind, said)
    if kind == "incident.services":
        tell_services(scene, after)
    if after.status.is_open and after.status is not Status.TRIAGE:
        tighten(scene, after)
    redraft(scene, after)
    show_incident(scene, after.key)
    return after


def _about(service: Service) -> list[str]:
    """'Checkout: owned by Payments.' and 'Bring in Ines Carvalho and Tom Baker.'"""
    owned = f"{service.label}: owned by {service.owner}." if service.owner else ""
    names = _listed([person.name for person in service.bring_in])
    called = f"Bring in {names}{'' if owned else f' for {service.label}'}." if names else ""
    return [line for line in (owned, called) if line]


def _listed(names: Sequence[str]) -> str:
    return listed(names, language=SOURCE)
