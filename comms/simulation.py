"""A plan tried out: who would be told when, by how many messages, and what would hold them up.

Each audience is told at the very moment that it was promised, which is the latest at which the
promise is kept. The promises are made by the functions that make them in an incident.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from comms.drain import Job, drain
from comms.incident import Incident, IncidentType, Severity, Status
from comms.people import SITREP, Role
from comms.plan.model import Audience, ChannelName, Plan
from comms.promise import first_due, next_due
from comms.throttle import Limit

Limits = Callable[[str, ChannelName], Sequence[Limit]]
"""The limits by which a channel reaches an audience, by the audience's name."""

UNHELD = timedelta(minutes=1)
"""What a limit holds up for no longer is no news: printed times are whole minutes."""


class Why(StrEnum):
    """Which of its promises is kept by telling an audience."""

    FIRST = "first"
    EVERY = "every"


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One audience told by one channel at `at`; the last message leaves at `done_at` (UTC).

    `held_by` is the limit that spreads them, None where none does. `is_late`: the last readers
    get it only when the next one is due.
    """

    at: datetime
    audience: str
    channel: ChannelName
    why: Why
    messages: int
    done_at: datetime
    held_by: Limit | None = None
    is_late: bool = False


@dataclass(frozen=True, kw_only=True)
class Update:
    """One moment at which somebody is told: one update, written once for all of them."""

    at: datetime
    sendings: tuple[Sending, ...]
    approvals: tuple[Role, ...]

    @property
    def audiences(self) -> Mapping[str, Why]:
        """Who is told, and by which of its promises."""
        return {sending.audience: sending.why for sending in self.sendings}


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What a plan asks for from `begin` (the declaration) to before `end`, UTC.

    `on_change` are audiences that are promised no interval: how often they hear, nobody knows.
    `unpromised` are told nothing unless somebody decides to.
    """

    severity: Severity
    begin: datetime
    end: datetime
    updates: tuple[Update, ...]
    on_change: tuple[str, ...]
    unpromised: tuple[str, ...]

    @property
    def sendings(self) -> tuple[Sending, ...]:
        """All of them, in the order in which they begin."""
        return tuple(sending for update in self.updates for sending in update.sendings)

    @property
    def messages(self) -> Mapping[ChannelName, int]:
        """How many messages each channel carries."""
        counted = Counter[ChannelName]()
        for sending in self.sendings:
            counted[sending.channel] += sending.messages
        return counted

    @property
    def approvals(self) -> Mapping[Role, int]:
        """How many times each role has to approve."""
        return Counter(role for update in self.updates for role in update.approvals)

    @property
    def held(self) -> tuple[Sending, ...]:
        """What a limit holds up."""
        return tuple(sending for sending in self.sendings if sending.held_by)


def simulate(
    plan: Plan,
    severity: Severity,
    *,
    begin: datetime,
    length: timedelta,
    recipients: Mapping[str, int],
    limits: Limits,
    type: IncidentType = IncidentType.SERVICE,  # noqa: A002 (the product's word)
    services: Sequence[str] = (),
    monitored_after: timedelta | None = None,
) -> Simulation:
    """Return what the plan asks for in an incident declared at `begin` (UTC) and `length` long.

    `recipients` are the people of each audience; a war room and the page are one message each. A
    person in several audiences is counted in each: fewer messages may do. From `monitored_after`
    the declaration on it is only watched.
    """
    end = begin + length
    incident = supposed(severity, begin=begin, type=type, services=services)
    plan = plan.under(incident)
    monitored_at = None if monitored_after is None else begin + monitored_after
    course = Course(incident=incident, monitored_at=monitored_at)
    planned = _planned(plan, course, end=end, recipients=recipients)
    sendings: dict[datetime, list[Sending]] = {}
    for sending in _sent(plan, course, planned, limits):
        sendings.setdefault(sending.at, []).append(sending)
    return Simulation(
        severity=severity,
        begin=begin,
        end=end,
        updates=tuple(
            Update(at=at, sendings=tuple(sent), approvals=_approvals(plan, incident, sent))
            for at, sent in sendings.items()
        ),
        on_change=tuple(
            audience.name
            for audience in plan.enabled()
            if (first := first_due(plan, audience, incident, begin))
            and next_due(plan, audience, course.told_at(first), first) is None
        ),
        unpromised=tuple(
            audience.name
            for audience in plan.enabled()
            if first_due(plan, audience, incident, begin) is None
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Course:
    """How an incident goes on: investigated, and watched from a moment (UTC) on, if at all."""

    incident: Incident
    monitored_at: datetime | None = None

    def told_at(self, at: datetime) -> Incident:
        """The incident as an update tells of it that is sent at `at`."""
        is_watched = self.monitored_at is not None and at >= self.monitored_at
        status = Status.MONITORING if is_watched else Status.INVESTIGATING
        return replace(self.incident, status=status)


def supposed(
    severity: Severity,
    *,
    begin: datetime,
    type: IncidentType = IncidentType.SERVICE,  # noqa: A002 (the product's word)
    services: Sequence[str] = (),
) -> Incident:
    """Return an incident as it would be if it were declared at `begin` (UTC)."""
    return Incident(
        id=0,
        key="INC-0",
        title="Simulated",
        severity=severity,
        status=Status.DECLARED,
        type=type,
        services=tuple(services),
        declared_by=SITREP,
        declared_at=begin,
    )


def moments(
    plan: Plan, audience: Audience, course: Course, *, end: datetime
) -> Iterator[tuple[datetime, Why]]:
    """Yield when an audience is told, from the declaration to before `end`, each promise kept to
    the minute. Without a first promise nothing is sure."""
    declared_at = course.incident.declared_at
    at, why = first_due(plan, audience, course.incident, declared_at), Why.FIRST
    while at is not None and at < end:
        yield at, why
        at, why = next_due(plan, audience, course.told_at(at), at), Why.EVERY


def _planned(
    plan: Plan, course: Course, *, end: datetime, recipients: Mapping[str, int]
) -> list[Sending]:
    """What would leave at once if nothing held it up, in the order of time, then of the plan."""
    planned = [
        Sending(
            at=at,
            audience=audience.name,
            channel=channel,
            why=why,
            messages=recipients.get(audience.name, 0) if channel.is_personal else 1,
            done_at=at,
        )
        for audience in plan.enabled()
        for at, why in moments(plan, audience, course, end=end)
        for channel in audience.channels
    ]
    return sorted(planned, key=lambda sending: sending.at)


def _sent(
    plan: Plan, course: Course, planned: Sequence[Sending], limits: Limits
) -> Iterator[Sending]:
    """Put each sending through all its limits: the slowest says when its last message leaves."""
    shared: dict[Limit, list[int]] = {}
    for number, sending in enumerate(planned):
        for limit in limits(sending.audience, sending.channel):
            shared.setdefault(limit, []).append(number)
    slowest: dict[int, tuple[datetime, Limit]] = {}
    for limit, numbers in shared.items():
        jobs = [
            Job(
                at=planned[number].at,
                priority=plan.audience(planned[number].audience).position,
                messages=planned[number].messages,
            )
            for number in numbers
        ]
        for number, through in zip(numbers, drain(jobs, limit), strict=True):
            if through - planned[number].at > UNHELD:
                before = slowest.get(number, (through, limit))
                slowest[number] = max(before, (through, limit), key=lambda found: found[0])
    for number, sending in enumerate(planned):
        done_at, held_by = slowest.get(number, (sending.at, None))
        due = next_due(
            plan, plan.audience(sending.audience), course.told_at(sending.at), sending.at
        )
        is_late = due is not None and done_at > due
        yield replace(sending, done_at=done_at, held_by=held_by, is_late=is_late)


def _approvals(plan: Plan, incident: Incident, sent: Sequence[Sending]) -> tuple[Role, ...]:
    told = plan.among({sending.audience for sending in sent})
    asked = (plan.approval_of(audience, incident) for audience in told)
    return tuple(dict.fromkeys(role for roles in asked for role in roles))
