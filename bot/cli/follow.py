"""Deliveries followed as they go out: how many, how fast, and how much longer it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.text import Text

from bot.cards.wording import duration, number

LOOK = 1.0
"""Seconds between two looks."""

UNDER_WAY = ("planned", "sending")

Look = Callable[[], Mapping[str, Mapping[str, int]]]
"""Return the states' counts of each line that is drawn, by its name."""


def follow(
    look: Look,
    console: Console,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show how far each line has got until nothing is under way.

    A terminal gets bars; anything else a line of text for each look that shows something new.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Pace())
    drawn = console.is_terminal
    tasks: dict[str, TaskID] = {}
    said: dict[str, str] = {}
    with Progress(*columns, console=console, disable=not drawn, get_time=clock) as progress:
        while True:
            seen = look()
            for name, states in seen.items():
                left, total = _left(states), sum(states.values())
                if name not in tasks:
                    tasks[name] = progress.add_task(name, total=total, completed=total - left)
                progress.update(tasks[name], completed=total - left, total=total)
            progress.refresh()
            for task in () if drawn else progress.tasks:
                line = f"{task.description}: {_told(task)}"
                if said.get(task.description) != line:
                    said[task.description] = line
                    console.print(line, highlight=False, soft_wrap=True)
            if not any(_left(states) for states in seen.values()):
                return
            sleep(LOOK)


class Pace(ProgressColumn):
    """Deliveries a second, and the time left."""

    def render(self, task: Task) -> Text:
        """Return '480/s · 14 min left'."""
        return Text(_pace(task))


def _left(states: Mapping[str, int]) -> int:
    return sum(states[name] for name in UNDER_WAY)


def _told(task: Task) -> str:
    done = f"{number(int(task.completed))} of {number(int(task.total or 0))}"
    return " · ".join(part for part in (done, _pace(task)) if part)


def _pace(task: Task) -> str:
    """The rate of the last half minute; nothing until it is known, or once all is done."""
    if task.finished or not task.speed:
        return ""
    left = timedelta(seconds=task.time_remaining or 0)
    rate = number(round(task.speed)) if task.speed >= 1 else f"{task.speed:.1f}"
    return f"{rate}/s · {duration(left)} left"
