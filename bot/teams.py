"""Teams' way in: `POST /api/messages`, and behind it the bot.

The Bot Framework's SDK takes 13 MB with what it brings. A bot with an identity has it from the
start. Without one only a simulator on this machine speaks to the app, so it is loaded when that
first does; a worker, to whom nobody speaks, never loads it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from aiohttp import web

from bot.edge.auth import Gate
from bot.edge.connector import Connector
from bot.metrics.meters import ProductMeters
from comms.desk import Desk
from comms.lull import Lull

if TYPE_CHECKING:
    from bot.edge.messages import Edge
    from bot.turns.bot import Bot


class Teams:
    """Takes activities, and answers them with the bot."""

    def __init__(
        self, *, gate: Gate, connector: Connector, desk: Desk, lull: Lull, meters: ProductMeters
    ) -> None:
        self._gate = gate
        self._connector = connector
        self._desk = desk
        self._lull = lull
        self._meters = meters

    def load(self) -> None:
        """Load the SDK now: the first who speaks to the bot does not wait for it."""
        _ = self._edge

    def routes(self) -> list[web.RouteDef]:
        """Return the one route of the bot."""
        return [web.post("/api/messages", self._receive)]

    async def finish(self) -> None:
        """Wait for what is still being sent or kept."""
        if "_bot" in self.__dict__:
            await self._bot.finish()

    async def _receive(self, request: web.Request) -> web.Response:
        return await self._edge.receive(request)

    @cached_property
    def _bot(self) -> Bot:
        from bot.turns.bot import Bot  # noqa: PLC0415 - see above
        from bot.turns.door import Door  # noqa: PLC0415
        from bot.turns.sender import Directory  # noqa: PLC0415

        door = Door(desk=self._desk, directory=Directory(self._connector))
        return Bot(lull=self._lull, door=door, connector=self._connector)

    @cached_property
    def _edge(self) -> Edge:
        from bot.edge.messages import Edge  # noqa: PLC0415 - see above
        from bot.turns.timed import timed  # noqa: PLC0415

        return Edge(
            gate=self._gate,
            connector=self._connector,
            on_turn=timed(self._bot.on_turn, self._meters),
            on_error=self._bot.apologise,
        )
