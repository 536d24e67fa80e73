"""Operations: alive, ready, measured, described."""

from __future__ import annotations

from typing import Literal

from bot.api.operation import Call, Table
from bot.api.shapes import Told
from comms.desk import Scene

table = Table(tag="operations", root="")


class Health(Told):
    """It answers."""

    status: Literal["ok"] = "ok"


@table.get("/healthz", is_public=True)
async def healthz(call: Call) -> Health:
    """Say that the process is alive."""
    return Health()


@table.get("/readyz", is_public=True, problems=(503,))
async def readyz(call: Call) -> Health:
    """Say whether it can work: the database answers."""

    def look(scene: Scene) -> None:
        scene.book.incidents.find(limit=1)

    await call.read(look)
    return Health()
