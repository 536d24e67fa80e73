"""The book in SQL: every repository on one session, which is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from sqlmodel import Session

from comms.bell import Topic
from comms.book import Book
from storage.asks import SqlAsks
from storage.backlog import SqlBacklog
from storage.bulletins import SqlBulletins
from storage.chases import SqlChases
from storage.chats import SqlChats
from storage.choices import SqlChoices
from storage.countdowns import SqlCountdowns
from storage.database import Database
from storage.fanouts import SqlFanouts
from storage.hindsight import SqlHindsight
from storage.holds import SqlHolds
from storage.incidents import SqlIncidents
from storage.outages import SqlOutages
from storage.outbox import SqlOutbox
from storage.promises import SqlPromises, SqlTimers
from storage.recipients import SqlRecipients
from storage.records import SqlRecords
from storage.replicas import announce, take_turn
from storage.rooms import SqlRooms
from storage.sightings import SqlSightings
from storage.sources import SqlSources
from storage.suppressions import SqlSuppressions
from storage.throttle import SqlPaces
from storage.ticks import SqlTicks
from storage.timeline import SqlAudit, SqlTimeline
from storage.touch import touched
from storage.updates import SqlUpdates

T = TypeVar("T")


class SqlBook:
    """All repositories of one transaction; each is made when it is first used."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def touched(self) -> frozenset[Topic]:
        """What this transaction leaves to loops."""
        return touched(self._session)

    @cached_property
    def incidents(self) -> SqlIncidents:
        """Where incidents are kept."""
        return SqlIncidents(self._session)

    @cached_property
    def updates(self) -> SqlUpdates:
        """Where updates and their statements are kept."""
        return SqlUpdates(self._session)

    @cached_property
    def asks(self) -> SqlAsks:
        """Where asks are kept."""
        return SqlAsks(self._session)

    @cached_property
    def promises(self) -> SqlPromises:
        """Where promises are kept."""
        return SqlPromises(self._session)

    @cached_property
    def timers(self) -> SqlTimers:
        """Where timers are kept."""
        return SqlTimers(self._session)

    @cached_property
    def timeline(self) -> SqlTimeline:
        """Where timelines are kept."""
        return SqlTimeline(self._session)

    @cached_property
    def audit(self) -> SqlAudit:
        """The audit log."""
        return SqlAudit(self._session)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """Where effects wait."""
        return SqlOutbox(self._session)

    @cached_property
    def rooms(self) -> SqlRooms:
        """Where war rooms are kept."""
        return SqlRooms(self._session)

    @cached_property
    def chats(self) -> SqlChats:
        """By what chat each person is told."""
        return SqlChats(self._session)

    @cached_property
    def recipients(self) -> SqlRecipients:
        """Where people are kept."""
        return SqlRecipients(self._session)

    @cached_property
    def sources(self) -> SqlSources:
        """Where copies of sources are kept."""
        return SqlSources(self._session)

    @cached_property
    def suppressions(self) -> SqlSuppressions:
        """To whom nothing is sent."""
        return SqlSuppressions(self._session)

    @cached_property
    def bulletins(self) -> SqlBulletins:
        """Where bulletins are kept."""
        return SqlBulletins(self._session)

    @cached_property
    def choices(self) -> SqlChoices:
        """Where choices are kept."""
        return SqlChoices(self._session)

    @cached_property
    def fanouts(self) -> SqlFanouts:
        """The ledger."""
        return SqlFanouts(self._session)

    @cached_property
    def hindsight(self) -> SqlHindsight:
        """The ledger, looked back at."""
        return SqlHindsight(self._session)

    @cached_property
    def countdowns(self) -> SqlCountdowns:
        """Where regulators' countdowns are kept."""
        return SqlCountdowns(self._session)

    @cached_property
    def holds(self) -> SqlHolds:
        """What waits for the end of quiet hours."""
        return SqlHolds(self._session)

    @cached_property
    def chases(self) -> SqlChases:
        """Who was told and has not said that they have seen it."""
        return SqlChases(self._session)

    @cached_property
    def outages(self) -> SqlOutages:
        """Which channels are out."""
        return SqlOutages(self._session)

    @cached_property
    def ticks(self) -> SqlTicks:
        """Where ticks of checklists are kept."""
        return SqlTicks(self._session)

    @cached_property
    def sightings(self) -> SqlSightings:
        """What has been seen."""
        return SqlSightings(self._session)

    @cached_property
    def records(self) -> SqlRecords:
        """What adherence is counted from."""
        return SqlRecords(self._session)

    @cached_property
    def paces(self) -> SqlPaces:
        """What the throttle has learned."""
        return SqlPaces(self._session)

    @cached_property
    def backlog(self) -> SqlBacklog:
        """What waits."""
        return SqlBacklog(self._session)


class SqlStore:
    """Opens the book. Other processes on the same Postgres know this one as `me`."""

    def __init__(self, database: Database, *, me: str = "") -> None:
        self._database = database
        self._me = me

    async def write(self, work: Callable[[Book], T], *, behind: bool = False) -> T:
        """Run `work` in one transaction and return what it returns, once it is committed.

        No two run at a time, and the other processes hear of each.
        """

        def act(session: Session) -> T:
            take_turn(session)
            done = work(SqlBook(session))
            announce(session, by=self._me)
            return done

        return await self._database.write(act, behind=behind)

    async def read(self, work: Callable[[Book], T]) -> T:
        """Run `work` on a consistent view."""
        return await self._database.read(lambda session: work(SqlBook(session)))
