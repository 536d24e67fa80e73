"""How `sitrep plan show` tells a service, and where its plan is another."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from comms.plan.catalogue import Own, Service
from comms.plan.duration import written


def service_line(service: Service) -> str:
    """'payments, Card payments: Payments team. Bring in: … Own plan: customers …'."""
    known_as = "" if service.label == service.name else f", {service.label}"
    parts = [
        service.owner,
        _listed("Bring in", [person.name for person in service.bring_in]),
        _listed("Components", service.components),
        _listed("Suffer with it", service.dependants),
        *(f"For {name}: {'; '.join(_own(own))}" for name, own in service.audiences.items()),
    ]
    said = ". ".join(part for part in parts if part)
    return f"{service.name}{known_as}: {said}." if said else f"{service.name}{known_as}"


def service_told(service: Service) -> dict[str, object]:
    """Return a service as `plan show --json` tells it."""
    return {
        "label": service.label,
        "owner": service.owner,
        "bring_in": [dataclasses.asdict(person) for person in service.bring_in],
        "components": list(service.components),
        "dependants": list(service.dependants),
        "audiences": {
            name: {
                "channels": None if own.channels is None else list(own.channels),
                "approval": None if own.approval is None else list(own.approval),
                "cadence": {
                    severity: {
                        "first": written(row.first) if row.first else None,
                        "every": written(row.every),
                    }
                    for severity, row in own.cadence.items()
                },
            }
            for name, own in service.audiences.items()
        },
    }


def _listed(what: str, names: tuple[str, ...] | list[str]) -> str:
    return f"{what}: {', '.join(names)}" if names else ""


def _every(length: timedelta | None) -> str:
    return f"every {written(length)}" if length else written(length)


def _own(own: Own) -> list[str]:
    """'SEV1 first 5m, every 20m', 'by page, mail', 'approved by comms lead and legal'."""
    said = [
        f"{severity} {f'first {written(row.first)}, ' if row.first else ''}{_every(row.every)}"
        for severity, row in own.cadence.items()
    ]
    if own.channels is not None:
        said.append(f"by {', '.join(own.channels)}")
    if own.approval is not None:
        roles = " and ".join(role.label for role in own.approval) or "nobody"
        said.append(f"approved by {roles}")
    return said
