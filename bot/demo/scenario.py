"""A scripted incident as data: who does what, at which minute, and what a viewer is told.

A text may name a time by its minute of the story: '{-2}' is printed as the clock then read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.demo.cast import Persona


@dataclass(frozen=True, kw_only=True)
class Say:
    """Types into the channel, or into the incident's war room. A text for the bot mentions it."""

    text: str
    in_war_room: bool = False


@dataclass(frozen=True, kw_only=True)
class Press:
    """Presses the button that asks for `verb`, in the newest card that has it.

    `where` picks among buttons of one verb by their data; `typed` fills inputs of the card.
    """

    verb: str
    where: Mapping[str, object] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fill:
    """Opens the dialog behind `verb`, fills it in and presses its button for `submit`."""

    verb: str
    submit: str
    typed: Mapping[str, str]
    where: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Nobody does anything until this minute: a promise passes, and what follows is seen."""


Act: TypeAlias = Say | Press | Fill | Watch


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step, `minute` minutes of demo time after the first."""

    minute: float
    who: Persona
    act: Act
    note: str


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A whole story."""

    name: str
    title: str
    steps: tuple[Step, ...]
