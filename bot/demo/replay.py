"""Plays a scenario: real activities in its people's names, paced by the demo's clock."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from bot.demo.actor import PATIENCE, Actor, StepFailed
from bot.demo.cast import Persona
from bot.demo.clock import ScaledClock
from bot.demo.feed import Feed
from bot.demo.scenario import Fill, Press, Say, Scenario, Step, Watch
from bot.demo.teams.rooms import Message, RoomKind
from bot.demo.teams.simulator import Simulator

A = TypeVar("A", Press, Fill)

_MINUTE = re.compile(r"\{([+-]\d+)\}")

SPEED = 60.0
"""Minutes of the story in one real minute, where nothing else is asked for."""


class Phase(StrEnum):
    """idle → running → done or failed; a restart begins again."""

    IDLE = "idle"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the replay is: `step` of `total` have been done; `note` is the latest."""

    phase: Phase
    step: int
    total: int
    note: str = ""


class Replay:
    """One scenario over one simulator. `tell` hears of every step; `speed` is × real time."""

    def __init__(
        self,
        *,
        scenario: Scenario,
        teams: Simulator,
        clock: ScaledClock,
        feed: Feed,
        tell: Callable[[Progress], None] = lambda progress: None,
        speed: float = SPEED,
        patience: float = PATIENCE,
    ) -> None:
        self.scenario = scenario
        self.progress = Progress(phase=Phase.IDLE, step=0, total=len(scenario.steps))
        self._teams = teams
        self._clock = clock
        self._feed = feed
        self._tell = tell
        self._actor = Actor(teams=teams, feed=feed, on_stage=self._is_on_stage, patience=patience)
        self.speed = speed
        self._task: asyncio.Task[None] | None = None
        self._begun = clock.now()
        self._known: frozenset[str] = frozenset()

    def play(self) -> None:
        """Start, or go on."""
        self._clock.play(self.speed)
        if self.progress.phase is not Phase.RUNNING:
            self._begin()
        self._feed.touch("stage")

    def pause(self) -> None:
        """Stand still: people, timers and promises."""
        self._clock.pause()
        self._feed.touch("stage")

    def step(self) -> None:
        """Jump to the next step's moment and do it; then stand still."""
        self._clock.pause()
        if self.progress.phase is not Phase.RUNNING:
            self._begin()
        due = self._due(self.scenario.steps[min(self.progress.step, self.progress.total - 1)])
        self._clock.step(max(due - self._clock.now(), timedelta(0)))
        self._feed.touch("stage")

    async def restart(self) -> None:
        """Begin again with a new incident; the earlier one stays where it is."""
        await self.stop()
        self._report(Phase.IDLE, 0)
        self.play()

    async def stop(self) -> None:
        """Leave the stage."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def finished(self) -> Progress:
        """Wait for the end and return how it went."""
        if self._task is not None:
            await asyncio.shield(self._task)
        return self.progress

    def _begin(self) -> None:
        self._begun = self._clock.now()
        self._known = frozenset(room.id for room in self._teams.rooms)
        self._report(Phase.RUNNING, 0)
        self._task = asyncio.create_task(self._run(), name="replay")

    async def _run(self) -> None:
        for number, step in enumerate(self.scenario.steps, start=1):
            await self._clock.sleep_until(self._due(step))
            try:
                # A slow machine must not make people late for what they promised.
                with self._clock.held():
                    await self._do(step)
            except StepFailed as failed:
                self._clock.play(1)
                self._report(Phase.FAILED, number - 1, f"{step.note}: {failed}")
                return
            self._report(Phase.RUNNING, number, step.note)
        self._clock.play(1)
        self._report(Phase.DONE, len(self.scenario.steps), self.scenario.steps[-1].note)

    async def _do(self, step: Step) -> None:
        match step.act:
            case Say():
                await self._actor.say(step.who, replace(step.act, text=self._timed(step.act.text)))
            case Press():
                await self._actor.press(step.who, self._typed(step.act))
            case Fill():
                await self._actor.fill(step.who, self._typed(step.act))
            case Watch():
                pass

    def _is_on_stage(self, message: Message, who: Persona) -> bool:
        room = message.room
        if room.kind is RoomKind.CHAT:
            return room.owner == who.key and message.at >= self._begun
        return room.id not in self._known

    def _due(self, step: Step) -> datetime:
        return self._begun + timedelta(minutes=step.minute)

    def _typed(self, act: A) -> A:
        return replace(act, typed={name: self._timed(text) for name, text in act.typed.items()})

    def _timed(self, text: str) -> str:
        """Fill in each time that a script names by its minute: '{-2}' is two before the start."""
        return _MINUTE.sub(lambda m: f"{self._begun + timedelta(minutes=int(m[1])):%H:%M}", text)

    def _report(self, phase: Phase, step: int, note: str = "") -> None:
        self.progress = replace(self.progress, phase=phase, step=step, note=note)
        self._tell(self.progress)
        self._feed.touch("stage")
