"""The top bar: the demo's clock and the replay."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from aiohttp import web

from bot.demo.api.bodies import Body, read
from bot.demo.sources import DemoSources


class Cue(Body):
    """A press on one of the stage's buttons."""

    do: Literal["play", "pause", "step", "restart"]


class StageApi:
    """Routes below /api/stage."""

    def __init__(self, sources: DemoSources) -> None:
        self._sources = sources

    def routes(self) -> list[web.RouteDef]:
        """Return what to mount."""
        return [web.get("/api/stage", self.show), web.post("/api/stage", self.cue)]

    async def show(self, request: web.Request) -> web.Response:
        """The demo's moment, its speed, and how far the replay is."""
        clock, replay = self._sources.clock, self._sources.replay
        return web.json_response(
            {
                "now": clock.now().isoformat(),
                "speed": clock.speed,
                "running": clock.running,
                "scenario": replay.scenario.title,
                "pace": replay.speed,
                "progress": asdict(replay.progress),
            }
        )

    async def cue(self, request: web.Request) -> web.Response:
        """Play, pause, step or begin again."""
        cue, replay = await read(request, Cue), self._sources.replay
        match cue.do:
            case "play":
                replay.play()
            case "pause":
                replay.pause()
            case "step":
                replay.step()
            case "restart":
                await replay.restart()
        return await self.show(request)
