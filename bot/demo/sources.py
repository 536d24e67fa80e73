"""What the page shows besides Teams and mail, as plain data; the composition root supplies it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.demo.catcher import Catcher
from bot.demo.clock import ScaledClock
from bot.demo.feed import Feed
from bot.demo.replay import Replay
from bot.demo.teams.simulator import Simulator
from comms.delivery import DeliveryState, LedgerRow


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """One line of an incident's timeline. `by` is the person's name; `kind` picks the mark."""

    id: int
    incident: str
    at: datetime
    text: str
    by: str = ""
    kind: str = "note"


@dataclass(frozen=True, kw_only=True)
class UpdateTotals:
    """One approved update with its deliveries by audience and state."""

    incident: str
    number: int
    kind: str
    approved_at: datetime | None
    audiences: Mapping[str, Mapping[DeliveryState, int]]


class PromiseState(StrEnum):
    """open → kept or missed. An open one past its time is overdue."""

    OPEN = "open"
    KEPT = "kept"
    MISSED = "missed"


@dataclass(frozen=True, kw_only=True)
class PromiseLine:
    """A promised 'next update by' of one audience."""

    incident: str
    audience: str
    due_at: datetime
    state: PromiseState


@dataclass(frozen=True, kw_only=True)
class DemoSources:
    """Everything the page draws from. The callables answer for all incidents, oldest first.

    `deliveries(incident, update)` lists one update's ledger rows. `status_version` returns any
    text that changes when the status page does.
    """

    teams: Simulator
    mail: Catcher
    clock: ScaledClock
    feed: Feed
    replay: Replay
    status_url: str
    timeline: Callable[[], Awaitable[Sequence[TimelineEntry]]]
    updates: Callable[[], Awaitable[Sequence[UpdateTotals]]]
    promises: Callable[[], Awaitable[Sequence[PromiseLine]]]
    deliveries: Callable[[str, int], Awaitable[Sequence[LedgerRow]]]
    status_version: Callable[[], Awaitable[str]]
