"""The clerk: reads the book for what is posted to a war room, and writes down what was posted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from comms.desk import Desk, Scene
from comms.patience import patiently
from comms.people import SITREP

P = ParamSpec("P")
T = TypeVar("T")


class Clerk:
    """Works at the desk in Sitrep's own name."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def read(
        self, look: Callable[Concatenate[Scene, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a look."""
        return await self._desk.read(look, SITREP, "teams", *args, **kwargs)

    async def note(
        self, act: Callable[Concatenate[Scene, P], None], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Write down what Teams has done already: forgotten, it would be done a second time."""
        async for attempt in patiently("room.note"):
            with attempt:
                await self._desk.do(act, SITREP, "teams", *args, **kwargs)

    async def keep(self, key: str, name: str, activity: str) -> None:
        """Keep the activity id of a card under its name."""
        await self.note(_keep_card, key, name, activity)

    async def card(self, key: str, name: str) -> str | None:
        """The activity id of the card of that name."""
        return await self.read(_card, key, name)


def _keep_card(scene: Scene, key: str, name: str, activity: str) -> None:
    scene.book.rooms.keep_card(key, name, activity)


def _card(scene: Scene, key: str, name: str) -> str | None:
    return scene.book.rooms.card(key, name)
