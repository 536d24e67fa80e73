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

from bot.demo.headless import report
from bot.demo.replay import Phase, Progress
from bot.demo.scenario import Scenario
from bot.demo.scenarios import SCENARIOS
from bot.demo.stage import Stage, stage
from comms.delivery import DeliveryState
from comms.desk import Scene
from comms.errors import Invalid, SitrepError
from comms.people import SITREP

SETTLE_WITHIN = 30.0
"""Real seconds in which the last deliveries of a finished story must have an outcome."""


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
    async with stage(scenario, port=port) as set_up:
        say(f"Sitrep's demo: {set_up.url}/demo  (Ctrl+C ends it)")
        await stopped.wait()


async def _play(
    scenario: Scenario, port: int, speed: float, tell: Callable[[Progress], None]
) -> dict[str, Any]:
    async with stage(scenario, port=port, tell=tell) as set_up:
        set_up.replay.play(speed)
        ended = await set_up.replay.finished()
        if ended.phase is not Phase.DONE:
            raise StoryFailed(f"Step {ended.step + 1} of {ended.total}: {ended.note}")
        incident = await _settled(set_up)
        return await report(set_up, incident)


async def _settled(set_up: Stage) -> str:
    """Wait until every delivery has an outcome; return the incident's key."""
    desk = set_up.product.desk
    found = await desk.read(lambda scene: scene.book.incidents.find(limit=1), SITREP, "demo")
    async with asyncio.timeout(SETTLE_WITHIN):
        while not await desk.read(_is_settled, SITREP, "demo", found[0].key):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return found[0].key


def _is_settled(scene: Scene, key: str) -> bool:
    waiting = (DeliveryState.PLANNED, DeliveryState.SENDING)
    return not any(
        states[state]
        for update in scene.book.updates.of(key)
        for states in scene.book.fanouts.totals(key, update.number).values()
        for state in waiting
    )


def _quiet() -> None:
    """The page shows what happens; the terminal only what is wrong."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
