"""What every turn needs: the desk, and who somebody is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from bot.turns.press import Press
from bot.turns.sender import Directory
from comms.desk import Desk, Scene
from comms.people import Person
from comms.plan.model import Plan

P = ParamSpec("P")
T = TypeVar("T")


class Repeated(Exception):
    """The channel delivered a message again that has been acted on."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """Through which Teams acts at the desk."""

    desk: Desk
    directory: Directory

    @property
    def plan(self) -> Plan:
        """The communication plan."""
        return self.desk.house.plan

    async def do(
        self,
        press: Press,
        act: Callable[Concatenate[Scene, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run an act for whoever pressed; Repeated where it was run for this message before."""

        @wraps(act)
        def once(scene: Scene) -> T:
            first = scene.book.sightings.first
            if press.once and not (press.once.kept or first(press.once.id, now=scene.now)):
                raise Repeated
            return act(scene, *args, **kwargs)

        done = await self.desk.do(once, press.by, "teams")
        if press.once:
            press.once.kept = True
        return done

    async def read(
        self,
        press: Press,
        look: Callable[Concatenate[Scene, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a look for whoever pressed."""
        return await self.desk.read(look, press.by, "teams", *args, **kwargs)

    async def known(self, press: Press) -> Person:
        """Whoever pressed, with the address: rights may hang on it."""
        return await self.directory.known(press.by, press.place)
