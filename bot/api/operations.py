"""Operations: alive, ready, measured, described."""

from __future__ import annotations

from typing import Literal

from bot.api.operation import Call, Table
from bot.api.shapes import Told
from comms.acts.source_warnings import source_warnings
from comms.backlog import warnings
from comms.desk import Scene

table = Table(tag="operations", root="")


class Health(Told):
    """It answers."""

    status: Literal["ok"] = "ok"


class Readiness(Health):
    """It can work; `warnings` say what somebody should do all the same."""

    warnings: tuple[str, ...] = ()


@table.get("/healthz", is_public=True)
async def healthz(call: Call) -> Health:
    """Say that the process is alive."""
    return Health()


@table.get("/readyz", is_public=True, problems=(503,))
async def readyz(call: Call) -> Readiness:
    """Say whether it can work: the database answers."""

    def look(scene: Scene) -> list[str]:
        scene.book.incidents.find(limit=1)
        return [
            *warnings(scene.book.backlog.stranded()),
            *scene.plan.overrides.warnings,
            *source_warnings(scene),
            *(f"The plan's file is not taken up: {why}" for why in scene.house.refused),
        ]

    return Readiness(warnings=tuple(await call.read(look)))
