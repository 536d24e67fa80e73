"""Checklists: what a role looks at in an incident, ticked off item by item."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field, StringConstraints

from bot.api.keys import Key
from bot.api.operation import Call, Table
from bot.api.roles import Takeable
from bot.api.shapes import Given, PersonGiven, PersonTold, Stamp, Told
from comms.acts import checklists
from comms.checklist import Checklist, Line
from comms.desk import Scene
from comms.people import Role

table = Table(tag="checklists")

ItemId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{12}$"),
    Field(description="The id of an item, as the list tells it.", examples=["0a1b2c3d4e5f"]),
]


class ItemTold(Told):
    """One item. `ticked_by` is null until somebody has ticked it off."""

    id: str
    text: str
    ticked_by: PersonTold | None
    ticked_at: Stamp | None


class ChecklistTold(Told):
    """What the holder of a role looks at, in the plan's order."""

    role: Role
    items: list[ItemTold]


class ConductTold(Told):
    """How a war room is run. Roles without a list are left out."""

    house_rules: list[str]
    checklists: list[ChecklistTold]


class TickGiven(Given):
    """Which item, who says so, and whether it is done."""

    item: ItemId
    person: PersonGiven
    done: bool = Field(default=True, description="False: the tick is taken back.")


@table.get("/incidents/{key}/checklists")
async def list_checklists(call: Call, key: Key) -> ConductTold:
    """Look at the house rules and checklists of an incident."""
    return await call.read(conduct_told, key)


@table.post("/incidents/{key}/checklists/{role}", problems=(409,))
async def tick_item(call: Call, key: Key, role: Takeable, body: TickGiven) -> ChecklistTold:
    """Tick an item off, or take its tick back. Said twice, it changes nothing twice."""
    person, act = body.person.person(), checklists.tick if body.done else checklists.untick

    def ticked(scene: Scene) -> ChecklistTold:
        incident = scene.book.incidents.get(key)
        by = replace(scene, by=person)
        return _told(act(by, incident.key, Role(role.value), body.item))

    return await call.do(ticked)


def conduct_told(scene: Scene, key: str) -> ConductTold:
    """Return an incident's house rules and checklists as the API tells them."""
    incident = scene.book.incidents.get(key)
    return ConductTold(
        house_rules=list(scene.plan.conduct.rules_for(incident)),
        checklists=[_told(one) for one in checklists.checklists(scene, incident.key)],
    )


def _told(checklist: Checklist) -> ChecklistTold:
    return ChecklistTold(role=checklist.role, items=[_item(line) for line in checklist.lines])


def _item(line: Line) -> ItemTold:
    return ItemTold(
        id=line.item.id,
        text=line.item.text,
        ticked_by=PersonTold.model_validate(line.tick.by) if line.tick else None,
        ticked_at=line.tick.at if line.tick else None,
    )
