"""The refresher: reads each source in its own time, and at once where somebody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.sources.down import SourceDown
from bot.sources.group import Membership
from comms.acts import sources as acts
from comms.bell import Bell
from comms.clock import Clock
from comms.desk import Desk, Scene
from comms.patience import patiently
from comms.people import SITREP
from comms.plan.model import Plan
from comms.rota import NoCalendar, read_shifts
from comms.source import FeedCopy, Source, SourceKind

log = structlog.get_logger()

AT_ONCE = 4
LONGEST_REST = timedelta(minutes=4)
"""Whoever has this duty asks for it again before others take it over."""

Turn = Callable[[datetime], Awaitable[bool]]
"""True where it is this process that reads, of all that could."""


class Groups(Protocol):
    """Where groups are read."""

    async def read(self, source: Source) -> Membership:
        """Return who is in it; SourceDown says why it cannot be read."""
        ...


class Calendars(Protocol):
    """Where calendars are fetched."""

    async def fetch(self, name: str, feed: str, kept: FeedCopy | None) -> FeedCopy | None:
        """Return the calendar of a rota, None where it is the one that is kept."""
        ...


class Refresher:
    """Keeps the copies of a plan's sources. What cannot be read keeps its last good copy."""

    def __init__(
        self,
        *,
        desk: Desk,
        clock: Clock,
        bell: Bell,
        groups: Groups,
        calendars: Calendars,
        turn: Turn,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._bell = bell
        self._groups = groups
        self._calendars = calendars
        self._turn = turn
        self._begun: Plan | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            async for attempt in patiently("sources.waits"):
                with attempt:
                    until = await self.look()
            await self._bell.wait(self._clock, until)

    async def look(self) -> datetime | None:
        """Read what is due, if it is our turn; return when to look again, None: when rung."""
        if not await self._desk.read(acts.are_any, SITREP, "timer"):
            return None
        rest = self._clock.now() + LONGEST_REST
        if not await self._turn(self._clock.now()):
            return rest
        if self._desk.house.plan is not self._begun:
            self._begun = self._desk.house.plan
            await self._desk.do(acts.begin, SITREP, "timer")
        due = await self._desk.read(acts.due, SITREP, "timer")
        await asyncio.gather(*(self._refresh(source) for source in due))
        if not await self._desk.read(acts.are_settled, SITREP, "timer"):
            await self._desk.do(acts.settle, SITREP, "timer")
        again = await self._desk.read(acts.next_due, SITREP, "timer")
        return min(again, rest) if again else rest

    async def _refresh(self, source: Source) -> None:
        async with self._slots:
            try:
                if source.kind is SourceKind.GROUP:
                    await self._read_group(source)
                else:
                    await self._read_rota(source)
            except (SourceDown, NoCalendar) as down:
                again = down.again if isinstance(down, SourceDown) else None
                log.warning("source.down", source=source.key, why=str(down))
                await self._desk.do(acts.fail, SITREP, "timer", source, str(down), again=again)

    async def _read_group(self, source: Source) -> None:
        found = await self._groups.read(source)
        await self._desk.do(
            acts.take_group,
            SITREP,
            "timer",
            source,
            found.members,
            left_out=found.left_out,
        )
        log.info("source.read", source=source.key, people=len(found.members))

    async def _read_rota(self, source: Source) -> None:
        plan = self._desk.house.plan

        def look(scene: Scene) -> FeedCopy | None:
            return scene.book.sources.feed(source.key)

        kept = await self._desk.read(look, SITREP, "timer")
        rota = plan.rotas.get(source.name)
        fetched = await self._calendars.fetch(source.name, rota.feed if rota else "", kept)
        body = (fetched or kept or FeedCopy(origin="", body=b"")).body
        # What is ahead moves on with the time, also where the calendar has not changed.
        shifts = await asyncio.to_thread(read_shifts, body, self._clock.now(), plan.time_zone)
        await self._desk.do(acts.take_rota, SITREP, "timer", source, shifts, fetched)
        log.info("source.read", source=source.key, shifts=len(shifts))
