"""The plan's file, watched: a valid change is taken up while all goes on, an invalid one never."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog

from bot import mail
from bot.settings import Settings
from comms.bell import Bell
from comms.clock import Clock
from comms.errors import PlanInvalid
from comms.plan.load import load
from comms.plan.model import Plan
from comms.trial_apart import usable

log = structlog.get_logger()

EVERY = timedelta(seconds=5)
"""How often the file is looked at. It is looked at, not listened for: a file that a container is
given, or one on another machine, changes without a word."""

Mark = tuple[tuple[str, int, int, int], ...]
"""What files look like from outside: path, inode, time of the last change, size."""


def read_plan(settings: Settings) -> Plan:
    """The plan with those of its own letters that work; the log says of the others why not.

    PlanInvalid lists all that is wrong with it.
    """
    plan = load(settings.plan, mail.known(settings), templates=settings.templates)
    plan = usable(plan, settings.plan, settings.templates)
    for warning in plan.overrides.warnings:
        log.warning("plan.template_left_out", why=warning)
    return plan


@dataclass(kw_only=True)
class PlanKeeper:
    """Looks at the plan's file now and then, and at once when `bell` is rung.

    `take` is given each new valid plan, `refuse` what is wrong with one that is not, and nothing
    once it is right again without being another. What is wrong is logged once.
    """

    settings: Settings
    plan: Plan
    take: Callable[[Plan], Awaitable[None]]
    refuse: Callable[[tuple[str, ...]], Awaitable[None]]
    clock: Clock
    bell: Bell = field(default_factory=Bell)
    _seen: Mark = ()
    _refused: tuple[str, ...] = ()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self.look()
            await self.bell.wait(self.clock, self.clock.now() + EVERY)

    async def look(self) -> None:
        """Take up what has changed. What a first look finds may have changed since the start."""
        seen = await asyncio.to_thread(self._mark)
        if seen == self._seen:
            return
        try:
            plan = await asyncio.to_thread(read_plan, self.settings)
        except PlanInvalid as wrong:
            await self._refuse(tuple(wrong.detail.splitlines()))
        else:
            await self._take(plan)
        self._seen = seen

    async def _take(self, plan: Plan) -> None:
        if plan.digest != self.plan.digest:
            await self.take(plan)
            self.plan, self._refused = plan, ()
            log.info("plan.taken_up", plan=plan.digest, version=plan.version, source=plan.source)
        elif self._refused:
            await self._refuse(())

    async def _refuse(self, problems: tuple[str, ...]) -> None:
        if problems == self._refused:
            return
        self._refused = problems
        if problems:
            log.error(
                "plan.refused",
                why=problems[0],
                problems=len(problems),
                kept=self.plan.digest,
            )
        await self.refuse(problems)

    def _mark(self) -> Mark:
        return tuple(_marks(self._files()))

    def _files(self) -> Iterator[Path]:
        """The plan's file and the letters that it and the installation bring along."""
        if self.settings.plan:
            yield self.settings.plan
        for folder in filter(None, (self.settings.templates, self.plan.letters)):
            yield from sorted(file for file in folder.rglob("*") if file.is_file())


def _marks(files: Iterator[Path]) -> Iterator[tuple[str, int, int, int]]:
    for file in files:
        try:
            state = file.stat()
        except OSError:
            yield str(file), 0, 0, 0
        else:
            yield str(file), state.st_ino, state.st_mtime_ns, state.st_size
