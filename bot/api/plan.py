"""The communication plan as the app has it in use."""

from __future__ import annotations

from pydantic import Field

from bot.api.operation import Call, Table
from bot.api.shapes import Stamp, Told
from comms.desk import Scene

table = Table(tag="plan")


class PlanTold(Told):
    """The plan in use, and what is wrong with its file where that was not taken up."""

    source: str
    organisation: str
    version: str = Field(description="What the organisation calls it; empty: nothing.")
    hash: str = Field(description="Twelve digits of the SHA-256 of the file and its letters.")
    loaded_at: Stamp | None
    refused: list[str] = Field(
        description="What is wrong with the file as it is by now; empty: it is in use."
    )


@table.get("/plan")
async def plan(call: Call) -> PlanTold:
    """Say which plan is in use."""

    def look(scene: Scene) -> PlanTold:
        return PlanTold(
            source=scene.plan.source,
            organisation=scene.plan.organisation,
            version=scene.plan.version,
            hash=scene.plan.digest,
            loaded_at=scene.house.loaded_at,
            refused=list(scene.house.refused),
        )

    return await call.read(look)
