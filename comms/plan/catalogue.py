"""The catalogue: which services there are, whose they are, and where their plan is another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from comms.errors import Invalid
from comms.incident import Severity
from comms.people import Person, Role
from comms.plan.cadence import Cadence
from comms.plan.problem import nearest

if TYPE_CHECKING:
    # The plan holds the catalogue, whose services say where their audiences differ from it.
    from comms.plan.model import Audience, ChannelName

NEVER = datetime.max.replace(tzinfo=UTC)

LISTED = 20
"""So many services are named to whoever typed one that is not there."""


@dataclass(frozen=True, kw_only=True)
class Own:
    """What holds for an audience while a service is hit, where it is not what the plan says.

    A severity that `cadence` does not name, and None, are as in the plan.
    """

    cadence: Mapping[Severity, Cadence] = field(default_factory=dict)
    approval: tuple[Role, ...] | None = None
    channels: tuple[ChannelName, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Service:
    """`label` is how people call it, `owner` the team ('' where the plan names none).

    `bring_in` are the people whom an incident of it needs; `components` what customers know it
    by on the status page. `dependants` are the names of services that suffer with it.
    """

    name: str
    label: str
    owner: str = ""
    bring_in: tuple[Person, ...] = ()
    components: tuple[str, ...] = ()
    dependants: tuple[str, ...] = ()
    audiences: Mapping[str, Own] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All services by name. `listed_only`: an incident names no others."""

    services: Mapping[str, Service] = field(default_factory=dict)
    listed_only: bool = False

    def find(self, said: str) -> Service | None:
        """The service of that name or label, however it is spelt in capitals."""
        return self._by_word.get(_word(said))

    def named(self, said: str, *, pointer: str) -> str:
        """Return what an incident keeps of a service that somebody typed: its label if it is known.

        Invalid, with the nearest known one, where it is not and only known ones may be named.
        """
        service = self.find(said)
        if service:
            return service.label
        if self.listed_only:
            raise Invalid(
                f"There is no service {said[:40]!r}.{self._instead(said)}", pointer=pointer
            )
        return said

    def hit(self, said: Sequence[str]) -> tuple[Service, ...]:
        """The known ones among the services of an incident."""
        found = {service.name: service for one in said if (service := self.find(one))}
        return tuple(found.values())

    def suffering(self, services: Sequence[Service]) -> tuple[Service, ...]:
        """Whatever depends on these services, near ones first, without them."""
        hit = {service.name for service in services}
        found: dict[str, Service] = {}
        waiting = [name for service in services for name in service.dependants]
        for name in waiting:
            if name not in found and name not in hit:
                found[name] = self.services[name]
                waiting.extend(found[name].dependants)
        return tuple(found.values())

    def variants(self, audience: Audience, said: Sequence[str]) -> tuple[Audience, ...]:
        """Return the audience as it holds for each of these services by itself.

        For a service its own plan holds where it has one, else the general one; of all of them the
        strictest holds: the shortest times, every approval, every channel.
        """
        found = [self.find(one) for one in said]
        if not any(service and audience.name in service.audiences for service in found):
            return (audience,)
        return tuple(_as_of(service, audience) for service in found)

    def under(
        self, said: Sequence[str], audiences: Mapping[str, Audience]
    ) -> Mapping[str, Audience]:
        """Return the audiences with all channels that their variants for these services have."""
        found = {name: self.variants(audience, said) for name, audience in audiences.items()}
        if all(variants == (audiences[name],) for name, variants in found.items()):
            return audiences
        return {
            name: replace(audiences[name], channels=_every(one.channels for one in variants))
            for name, variants in found.items()
        }

    @cached_property
    def _by_word(self) -> Mapping[str, Service]:
        """A name goes before another service's label."""
        labels = {_word(service.label): service for service in self.services.values()}
        return labels | {_word(service.name): service for service in self.services.values()}

    def _instead(self, said: str) -> str:
        labels = [service.label for service in self.services.values()]
        known = f" Known: {', '.join(labels)}." if len(labels) <= LISTED else ""
        return f"{nearest(said, [*labels, *self.services])}{known}"


def quickest(rows: Sequence[Cadence], at: datetime) -> Cadence:
    """Return the cadence by which who is told at `at` (UTC) hears again soonest.

    The first update comes as soon as the soonest of all.
    """
    if len(rows) == 1:
        return rows[0]
    quick = min(rows, key=lambda row: row.next_by(at) or NEVER)
    return replace(quick, first=min((row.first for row in rows if row.first), default=None))


def _word(said: str) -> str:
    return " ".join(said.casefold().split())


def _as_of(service: Service | None, audience: Audience) -> Audience:
    """The audience as it holds for one service alone."""
    own = service.audiences.get(audience.name) if service else None
    if own is None:
        return audience
    cadence, approval = own.cadence, own.approval
    return replace(
        audience,
        cadence={**audience.cadence, **cadence},
        cases=tuple(case.without(cadence) for case in audience.cases),
        approval=audience.approval if approval is None else approval,
        approval_at=audience.approval_at if approval is None else {},
        channels=audience.channels if own.channels is None else own.channels,
    )


def _every(channels: Iterable[tuple[ChannelName, ...]]) -> tuple[ChannelName, ...]:
    return tuple(dict.fromkeys(channel for some in channels for channel in some))
