"""Waking: what has waited for the end of quiet hours is sent."""

from __future__ import annotations

from collections.abc import Sequence

from comms.acts.chasing import await_released
from comms.acts.show import show_reach
from comms.desk import Scene
from comms.planning import WAKE
from comms.timer import Timer

TIMERS = (WAKE,)
"""The kinds of timers that are set for quiet hours."""


def fire(scene: Scene, _timers: Sequence[Timer]) -> None:
    """Somebody's quiet hours are over: what was held for them is due."""
    released = scene.book.holds.release(scene.now)
    await_released(scene, released)
    for key, number in dict.fromkeys((fanout.incident, fanout.update) for fanout in released):
        show_reach(scene, key, number)
