"""What `sitrep deliveries --watch` shows while an update goes out."""

from __future__ import annotations

import io
from collections.abc import Mapping

from rich.console import Console

from bot.cards.wording import number
from bot.cli.follow import follow


class World:
    """A clock that only passes while somebody sleeps, and a relay that takes so many a second."""

    def __init__(self, total: int, rate: int) -> None:
        self.now, self.total, self.rate = 0.0, total, rate

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def look(self) -> Mapping[str, Mapping[str, int]]:
        """How far it has got."""
        accepted = min(self.total, round(self.now * self.rate))
        return {"update 3, customers": _states(self.total - accepted, accepted)}


def _states(planned: int, accepted: int) -> dict[str, int]:
    return {"planned": planned, "sending": 0, "accepted": accepted}


def shown(world: World, *, terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    follow(world.look, console, clock=lambda: world.now, sleep=world.sleep)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_log_gets_a_line_with_rate_and_time_left_for_each_look() -> None:
    lines = shown(World(60_000, 100), terminal=False).splitlines()

    everybody = number(60_000)
    assert lines[0] == f"update 3, customers: 0 of {everybody}"
    assert f"update 3, customers: {number(6_000)} of {everybody} · 100/s · 9 min left" in lines
    assert lines[-1] == f"update 3, customers: {everybody} of {everybody}"


def test_a_terminal_gets_a_bar_with_rate_and_time_left() -> None:
    drawn = shown(World(1_000, 100), terminal=True)

    assert "100/s · under a minute left" in drawn
    assert "1000/1000" in drawn


def test_what_does_not_change_is_said_once() -> None:
    told = [_states(5, 0), _states(5, 0), _states(5, 0), _states(0, 5)]
    console = Console(file=io.StringIO(), width=120)
    world = World(0, 0)

    follow(
        lambda: {"update 1, executives": told.pop(0)},
        console,
        clock=lambda: world.now,
        sleep=world.sleep,
    )

    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "update 1, executives: 0 of 5",
        "update 1, executives: 5 of 5",
    ]
