"""A communication plan as the engine uses it; `comms.plan.load` makes it from a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from comms.brand import Brand
from comms.errors import Invalid
from comms.incident import Incident, Severity
from comms.language import SOURCE
from comms.overrides import NONE, Overrides
from comms.people import Person, Role
from comms.plan.cadence import Cadence, Case
from comms.plan.called import Called
from comms.plan.catalogue import Catalogue, Service, quickest
from comms.plan.conduct import Conduct
from comms.plan.escalation import ESCALATION, Step
from comms.quiet import Quiet
from comms.rule import Level, Rule
from comms.source import Rota, Source


class ChannelName(StrEnum):
    """How an update reaches people: in a war room, a chat of their own, by mail, on the page."""

    TEAMS = "teams"
    CHAT = "chat"
    MAIL = "mail"
    PAGE = "page"

    @property
    def is_personal(self) -> bool:
        """True where each person gets a message of their own."""
        return self in {ChannelName.CHAT, ChannelName.MAIL}


class OnUnknown(StrEnum):
    """What becomes of a delivery that may or may not have arrived."""

    RESEND = "resend"
    HOLD = "hold"


@dataclass(frozen=True, kw_only=True)
class Acknowledge:
    """Readers are asked to say that they have seen an update of these severities.

    Who has not `within` that time is told again by the next of their channels, then by those in
    `then`, each after as long again.
    """

    severities: frozenset[Severity]
    within: timedelta
    then: tuple[ChannelName, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Audience:
    """People with a shared need. `position` is its order in the plan, from 0.

    `sees` names the fields of `comms.projection` that its templates may use; `approval` the
    roles that must each approve. `template` is the folder of its templates. `external` marks
    readers outside the organisation: the plan's check grants them public fields only.
    `failover` names the channel that stands in for one by which nothing gets through.
    `cases` are where another cadence holds than that of the severity, the first that fits first;
    `approval_at` are the severities that have an approval of their own.
    `may_stop`: its readers may choose to get nothing. `self_subscribed`: anybody may enter it.
    `empty_digest`: a digest is sent although there is nothing to tell.
    `on_unknown`: what may or may not have arrived is resent, or waits for a person. `mail` names
    the transports of mail that it takes: the first that works ('()': the installation's first).
    `languages` (BCP 47) are those in which it is written to, beside the plan's.
    `lint` is how each rule weighs, where a plan says so; whoever holds a role of `lint_override`
    may approve what it blocks, with a reason. `sources` are where its people come from beside
    its list. `acknowledge`: what its readers are asked for. `quiet`: when they are
    told nothing but the most severe, unless they have hours of their own.
    """

    name: str
    label: str
    position: int
    channels: tuple[ChannelName, ...]
    sees: frozenset[str]
    approval: tuple[Role, ...]
    cadence: Mapping[Severity, Cadence]
    template: str
    cases: tuple[Case, ...] = ()
    approval_at: Mapping[Severity, tuple[Role, ...]] = field(default_factory=dict)
    external: bool = False
    enabled: bool = True
    failover: Mapping[ChannelName, ChannelName] = field(default_factory=dict)
    on_unknown: OnUnknown = OnUnknown.RESEND
    may_stop: bool = False
    self_subscribed: bool = False
    empty_digest: bool = False
    mail: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    lint: Mapping[Rule, Level] = field(default_factory=dict)
    lint_override: tuple[Role, ...] = ()
    sources: tuple[Source, ...] = ()
    acknowledge: Acknowledge | None = None
    quiet: Quiet | None = None

    @property
    def reads_inside(self) -> bool:
        """True for readers of the report itself; the text for customers is an extra to them."""
        return not self.sees.isdisjoint({"conditions", "impact"})

    def level(self, rule: Rule) -> Level:
        """How a rule weighs here; where no plan says so, nothing blocks what stays inside."""
        if rule in self.lint:
            return self.lint[rule]
        return Level.WARN if self.reads_inside else rule.level

    @property
    def reads_as_customers(self) -> bool:
        """True where it reads nothing of a report but its text for customers."""
        return "symptom" in self.sees and not self.reads_inside

    @property
    def detail(self) -> tuple[int, int]:
        """Sorts audiences by how much their people may see, the most first."""
        return -len(self.sees), self.position

    def order(self, wanted: str = "") -> tuple[ChannelName, ...]:
        """Those of its channels that give somebody a message of their own, the first choice first.

        `wanted` are the names that they go by, separated by spaces; '' is the plan's order. One
        person's `teams` is their chat: a war room is nobody's own.
        """
        own = tuple(channel for channel in self.channels if channel.is_personal)
        if not wanted:
            return own
        names = wanted.replace(ChannelName.TEAMS, ChannelName.CHAT).split()
        return tuple(ChannelName(name) for name in dict.fromkeys(names) if name in own)

    def asks(self, severity: Severity) -> bool:
        """True where its readers are asked to acknowledge what is told at a severity."""
        return self.acknowledge is not None and severity in self.acknowledge.severities

    def allows(self, channel: ChannelName, wanted: str) -> bool:
        """True where somebody who goes by these names ('': by all) may be told by a channel."""
        also = {ChannelName.CHAT: ChannelName.TEAMS}.get(channel, channel)
        return not wanted or not {channel, also}.isdisjoint(wanted.split())

    @property
    def ways(self) -> tuple[ChannelName, ...]:
        """Its channels, then those that only stand in for one that fails or is not answered."""
        then = self.acknowledge.then if self.acknowledge else ()
        return tuple(dict.fromkeys((*self.channels, *self.failover.values(), *then)))


@dataclass(frozen=True, kw_only=True)
class SoftBounces:
    """`count` mails that came back `within` a time, and the address gets none for `pause`."""

    count: int = 5
    within: timedelta = timedelta(days=7)
    pause: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class ApprovalTimeout:
    """When nobody has approved for `after`, the first of `then` is asked; after it, the next."""

    after: timedelta
    then: tuple[Called, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole plan. `approvers` may act in a role without being assigned it.

    `organisation` and `time_zone` are printed in mails and on the page. `language` (BCP 47) is the
    one that people type in, and that everybody is told in who reads none of the audience's.
    `four_eyes`: roles that an update needs must be met by different people. `mail_rate` is the
    relay's limit in messages a second (0: unknown); all who send keep it together. `brand` and
    `overrides` are what letters look like. `regulators` are the regimes of `comms.regulator`
    whose clocks can be started. `catalogue` are the services that an incident can hit, `conduct` is
    how one is judged and run. `version` is
    what the organisation calls this state of its plan; `digest` are the first twelve digits of the
    SHA-256 of the file and its letters. `letters` is the folder of letters that the file names.
    `rotas` are those of people on call, by name.
    """

    organisation: str
    time_zone: ZoneInfo
    audiences: Mapping[str, Audience]
    approvers: Mapping[Role, tuple[Person, ...]] = field(default_factory=dict)
    duty_manager: Person | None = None
    four_eyes: bool = True
    mail_rate: float = 0
    regulators: tuple[str, ...] = ()
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    soft_bounces: SoftBounces = SoftBounces()
    language: str = SOURCE
    brand: Brand = field(default_factory=Brand)
    overrides: Overrides = NONE
    escalation: tuple[Step, ...] = ESCALATION
    approval_timeout: ApprovalTimeout | None = None
    source: str = "the shipped plan"
    catalogue: Catalogue = field(default_factory=Catalogue)
    version: str = ""
    digest: str = ""
    letters: Path | None = None
    conduct: Conduct = field(default_factory=Conduct)

    def audience(self, name: str, *, pointer: str | None = None) -> Audience:
        """Return the enabled audience of that name; Invalid names the known ones."""
        found = self.audiences.get(name)
        if found is None or not found.enabled:
            known = ", ".join(a.name for a in self.enabled())
            raise Invalid(f"There is no audience {name!r}. Known: {known}.", pointer=pointer)
        return found

    @property
    def services(self) -> tuple[Service, ...]:
        """All services that the plan lists, in its order."""
        return tuple(self.catalogue.services.values())

    def keeping(self, before: Plan) -> Plan:
        """This plan with those audiences of the one before it that it has no more, out of use:
        what is on its way to them goes on."""
        gone = {
            name: replace(audience, enabled=False)
            for name, audience in before.audiences.items()
            if name not in self.audiences
        }
        return replace(self, audiences={**self.audiences, **gone}) if gone else self

    def look_up(self, name: str) -> Audience:
        """The audience of that name, in use or not. Of one that the plan has no more, its name:
        what was written for it is still shown, and still sent where it was approved."""
        return self.audiences.get(name) or Audience(
            name=name,
            label=name,
            position=len(self.audiences),
            channels=tuple(ChannelName),
            sees=frozenset(),
            approval=(),
            cadence={severity: Cadence(first=None, every=None) for severity in Severity},
            template=name,
            enabled=False,
        )

    def holds_unknown(self, audience: str) -> bool:
        """True where what is unknown of this audience's deliveries waits for a person."""
        found = self.audiences.get(audience)
        return found is not None and found.on_unknown is OnUnknown.HOLD

    def enabled(self) -> tuple[Audience, ...]:
        """The audiences in use, in the plan's order."""
        return tuple(a for a in self.audiences.values() if a.enabled)

    def more_detailed(self, name: str, others: Collection[str]) -> tuple[str, ...]:
        """Those of the other audiences that may see more than this one, the most detailed first.

        Who may see all that another sees and more has more fields; of two with as many, the one
        that stands first in the plan.
        """
        ranked = sorted(self.among({name, *others}), key=lambda audience: audience.detail)
        names = [audience.name for audience in ranked]
        return tuple(names[: names.index(name)] if name in names else names)

    def under(self, incident: Incident) -> Plan:
        """The plan with the channels that hold for this incident: its services may add some."""
        audiences = self.catalogue.under(incident.services, self.audiences)
        return self if audiences is self.audiences else replace(self, audiences=audiences)

    def kept_sources(self) -> dict[str, Source]:
        """The sources whose copies are kept, by key: all rotas, and what audiences in use name.

        Where two name the same, the shorter `refresh` holds.
        """
        named = [rota.source for rota in self.rotas.values()]
        named += [one for audience in self.enabled() for one in audience.sources if one.is_kept]
        kept: dict[str, Source] = {}
        for one in sorted(named, key=lambda source: source.refresh, reverse=True):
            kept[one.key] = one
        return kept

    def told_of(self, incident: Incident) -> tuple[Audience, ...]:
        """The audiences that hear of this incident, as the plan holds for it: of a drill, nobody
        outside."""
        told = self.under(incident).enabled()
        return tuple(a for a in told if not (incident.drill and a.external))

    def cadence_of(self, audience: Audience, incident: Incident, at: datetime) -> Cadence:
        """What this audience is promised of this incident by an update that is sent at `at` (UTC).

        The only place where a cadence is chosen: all promises, printed, kept or simulated, are
        made by it.
        """
        variants = self.catalogue.variants(audience, incident.services)
        rows = [_cadence(one, incident) for one in variants]
        return quickest([row.aged(at - incident.declared_at) for row in rows], at)

    def approval_of(self, audience: Audience, incident: Incident) -> tuple[Role, ...]:
        """The roles that must each approve what this audience reads of this incident."""
        variants = self.catalogue.variants(audience, incident.services)
        asked = (one.approval_at.get(incident.severity, one.approval) for one in variants)
        return tuple(dict.fromkeys(role for roles in asked for role in roles))

    def among(self, names: Collection[str]) -> tuple[Audience, ...]:
        """Those of these audiences that are in use, in the plan's order."""
        return tuple(audience for audience in self.enabled() if audience.name in names)

    @property
    def outside(self) -> frozenset[str]:
        """The audiences outside the organisation, in use or not."""
        return frozenset(name for name, audience in self.audiences.items() if audience.external)

    def languages_of(self, audience: Audience) -> tuple[str, ...]:
        """The languages (BCP 47) in which an audience is written to, the plan's first."""
        return tuple(dict.fromkeys((self.language, *audience.languages)))

    def customer_languages(self) -> tuple[str, ...]:
        """The languages beside the plan's that a text for customers is asked for in."""
        reads = (a.languages for a in self.enabled() if "symptom" in a.sees)
        asked = dict.fromkeys(language for languages in reads for language in languages)
        return tuple(language for language in asked if language != self.language)

    def roles_of(self, person: Person) -> frozenset[Role]:
        """The roles that the plan itself gives this person."""
        return frozenset(
            role
            for role, people in self.approvers.items()
            if any(known.is_same(person) for known in people)
        )

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody whom the plan names."""
        chains = (step.whom for step in self.escalation)
        asked = self.approval_timeout.then if self.approval_timeout else ()
        named = (
            *(person for people in self.approvers.values() for person in people),
            *(person for service in self.services for person in service.bring_in),
            *(called for called in (*chains, *asked) if isinstance(called, Person)),
            *((self.duty_manager,) if self.duty_manager else ()),
        )
        return tuple(dict.fromkeys(named))

    def known_person(self, email: str) -> Person | None:
        """The person of that address whom the plan names, if any."""
        wanted = email.casefold()
        return next((person for person in self.people if person.email.casefold() == wanted), None)


def _cadence(audience: Audience, incident: Incident) -> Cadence:
    found = next((case for case in audience.cases if case.fits(incident)), None)
    return (found.cadence if found else audience.cadence)[incident.severity]
