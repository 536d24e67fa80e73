"""A source: where people of an audience come from beside its list, and the copy kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

GROUP_REFRESH = timedelta(hours=1)
ROTA_REFRESH = timedelta(minutes=15)
"""How often one is read where the plan does not say."""

FRESH = timedelta(minutes=10)
"""Whoever drafts an update has what is older read anew, so that it is right at the approval."""

HOLD = timedelta(hours=24)
"""For so long a copy is kept in place of one that came back much smaller."""

FEW = 10
"""Of fewer people than this, half may well have left at once."""


class SourceKind(StrEnum):
    """What people are found by."""

    GROUP = "group"
    ROTA = "rota"
    ROLE = "role"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source of an audience. `name` is a group's id or display name, a rota's name in the
    plan, or a role. `guests`: those of the group are told too. `refresh` says how often it is
    read."""

    kind: SourceKind
    name: str
    guests: bool = False
    refresh: timedelta = GROUP_REFRESH

    @property
    def key(self) -> str:
        """By which its copy is kept: 'group:…', 'rota:payments'; with guests another one."""
        return f"{self.kind}:{self.name}{'+guests' if self.guests else ''}"

    @property
    def label(self) -> str:
        """As people read it: 'the group Executives', 'the rota payments'."""
        return f"the {self.kind} {self.name.replace('_', ' ')}"

    @property
    def is_kept(self) -> bool:
        """True where a copy is kept: a role is the incident's own."""
        return self.kind is not SourceKind.ROLE


@dataclass(frozen=True, kw_only=True)
class Rota:
    """An on-call rota. `feed` is the address of its calendar, which may hold a secret: it is
    never shown. '': the settings have it."""

    name: str
    feed: str = field(default="", repr=False)
    refresh: timedelta = ROTA_REFRESH

    @property
    def source(self) -> Source:
        """The rota as a source."""
        return Source(kind=SourceKind.ROTA, name=self.name, refresh=self.refresh)


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody whom a source gives. `language` is BCP 47, or ''."""

    email: str
    name: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Somebody is on call from `starts` until `ends` (UTC)."""

    starts: datetime
    ends: datetime
    member: Member


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """What is known of a source's copy. All times are UTC.

    `people` are those of the copy that was read at `fetched_at` (None: none was ever had);
    `left_out` says how many of it were not taken, by why. `tried_at` is the last reading, `due_at`
    the next. `failing_since` and `why` are set while it cannot be read, `held_since` and `held`
    (so many came back) while the copy is kept because what came back was suspiciously small.
    """

    key: str
    people: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    due_at: datetime | None = None
    failing_since: datetime | None = None
    why: str = ""
    held_since: datetime | None = None
    held: int = 0
    accepted: bool = False

    @property
    def is_good(self) -> bool:
        """True where the last reading was taken as it came."""
        return self.fetched_at is not None and not self.failing_since and not self.held_since


@dataclass(frozen=True, kw_only=True)
class FeedCopy:
    """The last good text of a calendar, and what its server named it by. `origin` marks the
    address that it came from without telling it."""

    origin: str
    body: bytes = field(repr=False)
    etag: str = ""
    modified: str = ""


class Sources(Protocol):
    """Where copies are kept."""

    def states(self) -> Mapping[str, SourceState]:
        """What is known of every source, by its key."""
        ...

    def save(self, state: SourceState) -> None:
        """Keep what is known of a source, in place of what was."""
        ...

    def hurry(self, state: SourceState) -> None:
        """Keep it, and wake whoever reads sources."""
        ...

    def keep_only(self, keys: Sequence[str]) -> None:
        """Forget the copies of all other sources."""
        ...

    def members(self, key: str) -> Sequence[Member]:
        """The people of a source's copy, by their address."""
        ...

    def keep_members(self, key: str, members: Sequence[Member]) -> None:
        """Make these the people of a source's copy. No address (casefolded) is repeated."""
        ...

    def keep_shifts(self, key: str, shifts: Sequence[Shift]) -> None:
        """Make these the shifts of a rota's copy."""
        ...

    def on_call(self, key: str, at: datetime) -> Sequence[Member]:
        """Who is on call at a moment, those who began last first."""
        ...

    def next_change(self, keys: Sequence[str], after: datetime) -> datetime | None:
        """When the next shift of any of these rotas begins or ends."""
        ...

    def feed(self, key: str) -> FeedCopy | None:
        """The last good text of a rota's calendar."""
        ...

    def keep_feed(self, key: str, copy: FeedCopy) -> None:
        """Keep it, in place of the one before."""
        ...

    def settle(self, audience: str, keys: Sequence[str]) -> None:
        """Make the people of these copies recipients of the audience, beside its own list, and
        take out those whom nothing names any more."""
        ...


def is_suspicious(before: int, after: int) -> bool:
    """True where a source comes back empty, or with less than half of ten people or more.

    A mistake in a directory is likelier than that so many have left within an hour, and whoever
    is left out by mistake hears nothing of an incident.
    """
    return after == 0 < before or (before >= FEW and after * 2 < before)
