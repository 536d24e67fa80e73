"""A countdown: one regime's deadlines in one incident, from the moment that a person named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from comms.people import Person
from comms.regulator.regime import Regime, Stage, regimes

SOON = timedelta(hours=1)


class Phase(StrEnum):
    """When those who file are reminded: halfway, an hour before, and when it is due."""

    HALF = "half"
    SOON = "soon"
    DUE = "due"


@dataclass(frozen=True, kw_only=True)
class Filed:
    """That a stage was filed with the authority, by a person, outside of Sitrep. `at` is UTC."""

    at: datetime
    by: Person
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Countdown:
    """`started_at` is the event that the law counts from, `aware_at` when the incident was known.

    `stopped` is why nobody has to file any more ('': it runs). Times are UTC.
    """

    id: int
    incident: str
    regime: str
    started_at: datetime
    aware_at: datetime
    started_by: Person
    filed: Mapping[str, Filed] = field(default_factory=dict)
    stopped: str = ""

    @property
    def law(self) -> Regime:
        """The regime that it counts for."""
        return regimes()[self.regime]

    @property
    def left(self) -> tuple[Stage, ...]:
        """The stages that are still to be filed; none once it was stopped."""
        if self.stopped:
            return ()
        return tuple(stage for stage in self.law.stages if stage.name not in self.filed)

    def due(self, stage: Stage) -> datetime:
        """When a stage is due, in UTC."""
        return self.law.due(
            stage,
            started=self.started_at,
            aware=self.aware_at,
            filed={name: filed.at for name, filed in self.filed.items()},
        )

    def phase_at(self, stage: Stage, phase: Phase) -> datetime:
        """When those who file are reminded of a stage."""
        due = self.due(stage)
        match phase:
            case Phase.HALF:
                return self.started_at + (due - self.started_at) / 2
            case Phase.SOON:
                return due - SOON
            case Phase.DUE:
                return due


class Countdowns(Protocol):
    """Where countdowns are kept: at most one for an incident and regime."""

    def add(self, countdown: Countdown) -> Countdown:
        """Keep a new one; the returned one has its id."""
        ...

    def save(self, countdown: Countdown) -> None:
        """Keep what became of it."""
        ...

    def of(self, incident: str) -> tuple[Countdown, ...]:
        """All of an incident, in the order in which they were started."""
        ...

    def get(self, countdown_id: int) -> Countdown:
        """Return one, or raise NotFound."""
        ...
