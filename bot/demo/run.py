"""`sitrep demo`: the page on loopback, or the whole story without one."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from typing import Any

import structlog
import uvloop

from bot.demo.headless import report, settled
from bot.demo.replay import Phase, Progress
from bot.demo.scenario import Scenario
from bot.demo.scenarios import SCENARIOS
from bot.demo.stage import stage
from comms.errors import Invalid, SitrepError


class StoryFailed(SitrepError):
    """A step of the scenario could not be done."""

    title = "The story stopped"
    status = 500


def scenario_named(name: str) -> Scenario:
    """Return a shipped scenario; Invalid names the known ones."""
    found = SCENARIOS.get(name)
    if found is None:
        raise Invalid(f"There is no scenario {name!r}. Known: {', '.join(SCENARIOS)}.")
    return found


def show(*, scenario: Scenario, port: int, speed: float, say: Callable[[str], None]) -> None:
    """Serve the page until interrupted. The story waits for somebody to press play."""
    _quiet()
    uvloop.run(_show(scenario, port, speed, say))


def play(
    *, scenario: Scenario, port: int, speed: float, tell: Callable[[Progress], None]
) -> dict[str, Any]:
    """Play the story to its end without a page; return the ledger beside what was received.

    Raises StoryFailed where a step cannot be done.
    """
    _quiet()
    return uvloop.run(_play(scenario, port, speed, tell))


async def _show(scenario: Scenario, port: int, speed: float, say: Callable[[str], None]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with stage(scenario, port=port, speed=speed) as set_up:
        say(f"Sitrep's demo: {set_up.url}/demo  (Ctrl+C ends it)")
        await stopped.wait()


async def _play(
    scenario: Scenario, port: int, speed: float, tell: Callable[[Progress], None]
) -> dict[str, Any]:
    async with stage(scenario, port=port, speed=speed, tell=tell) as set_up:
        set_up.replay.play()
        ended = await set_up.replay.finished()
        if ended.phase is not Phase.DONE:
            raise StoryFailed(f"Step {ended.step + 1} of {ended.total}: {ended.note}")
        incident = await settled(set_up)
        return await report(set_up, incident)


def _quiet() -> None:
    """The page shows what happens; the terminal only what is wrong."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
