"""The book: everything that is kept, open for the length of one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from comms.ask import Asks
from comms.backlog import Backlogs
from comms.bell import Topic
from comms.bulletin import Bulletins
from comms.chase import Chases
from comms.chat import Chats
from comms.checklist import Ticks
from comms.choice import Choices
from comms.hindsight import Hindsight
from comms.hold import Holds
from comms.incident import Incident
from comms.ledger import Fanouts
from comms.outage import Outages
from comms.outbox import Outbox
from comms.people import Person
from comms.plan.model import ChannelName
from comms.promise import Promises
from comms.recipient import Recipients
from comms.record import Records
from comms.regulator.countdown import Countdowns
from comms.room import Rooms
from comms.source import Sources
from comms.statement import Statement
from comms.suppression import Suppressions
from comms.throttle import Paces
from comms.timeline import Audit, Timeline
from comms.timer import Timers
from comms.update import Update

T = TypeVar("T")


class Incidents(Protocol):
    """Where incidents are kept."""

    def add(self, incident: Incident, *, nonce: str) -> Incident:
        """Keep a new incident; the returned one has its id and key. `nonce` is unique."""
        ...

    def declared_with(self, nonce: str) -> Incident | None:
        """The incident that this form declared already."""
        ...

    def get(self, key: str) -> Incident:
        """Return one incident, or raise NotFound."""
        ...

    def save(self, incident: Incident) -> None:
        """Keep its title, severity, type, services, status, times, roles and plans."""
        ...

    def find(
        self, *, words: str = "", open_only: bool = False, limit: int = 50
    ) -> Sequence[Incident]:
        """Incidents whose key or title has these words, newest first."""
        ...


class Updates(Protocol):
    """Where updates and their rendered statements are kept."""

    def save(self, update: Update) -> Update:
        """Keep a new update (id 0) or what became of one; the returned one has its id."""
        ...

    def get(self, incident: str, number: int) -> Update:
        """Return one update, or raise NotFound."""
        ...

    def of(self, incident: str) -> tuple[Update, ...]:
        """All updates of an incident by their number, without discarded ones."""
        ...

    def keep_statements(self, update: Update, statements: Sequence[Statement]) -> None:
        """Keep these as the update's statements, in place of any before."""
        ...

    def statements(self, update: Update) -> tuple[Statement, ...]:
        """What was rendered when the update was drafted."""
        ...


class Sightings(Protocol):
    """What has been seen before."""

    def first(self, activity: str, *, now: datetime) -> bool:
        """True the first time that this activity id is shown, in all replicas together."""
        ...

    def known(self, activity: str) -> bool:
        """True where this activity id was shown before."""
        ...

    def acknowledge(
        self,
        *,
        incident: str,
        number: int,
        by: Person,
        audience: str,
        way: ChannelName,
        now: datetime,
    ) -> bool:
        """Record a person's 'seen' of an update, by which channel; False when it was recorded
        before."""
        ...

    def acknowledged(self, incident: str, number: int) -> tuple[Person, ...]:
        """Who has seen an update."""
        ...


class Book(Protocol):
    """One transaction: all of an act is kept, or nothing of it."""

    @property
    def touched(self) -> frozenset[Topic]:
        """What this transaction leaves to loops."""
        ...

    @property
    def incidents(self) -> Incidents: ...

    @property
    def updates(self) -> Updates: ...

    @property
    def asks(self) -> Asks: ...

    @property
    def promises(self) -> Promises: ...

    @property
    def timers(self) -> Timers: ...

    @property
    def timeline(self) -> Timeline: ...

    @property
    def audit(self) -> Audit: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def rooms(self) -> Rooms: ...

    @property
    def chats(self) -> Chats: ...

    @property
    def recipients(self) -> Recipients: ...

    @property
    def sources(self) -> Sources: ...

    @property
    def suppressions(self) -> Suppressions: ...

    @property
    def bulletins(self) -> Bulletins: ...

    @property
    def choices(self) -> Choices: ...

    @property
    def fanouts(self) -> Fanouts: ...

    @property
    def hindsight(self) -> Hindsight: ...

    @property
    def holds(self) -> Holds: ...

    @property
    def chases(self) -> Chases: ...

    @property
    def outages(self) -> Outages: ...

    @property
    def countdowns(self) -> Countdowns: ...

    @property
    def ticks(self) -> Ticks: ...

    @property
    def sightings(self) -> Sightings: ...

    @property
    def records(self) -> Records: ...

    @property
    def paces(self) -> Paces: ...

    @property
    def backlog(self) -> Backlogs: ...


class Store(Protocol):
    """Opens the book."""

    async def write(self, work: Callable[[Book], T], *, behind: bool = False) -> T:
        """Run `work` in one transaction and return what it returns, once it is committed.

        `behind` is for work that nobody waits for.
        """
        ...

    async def read(self, work: Callable[[Book], T]) -> T:
        """Run `work` on a consistent view; what it writes is an error."""
        ...
