"""Deliveries: the ledger of an update, its totals, and sending again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.api.keys import AudienceName, Key, Number
from bot.api.operation import Call, Table
from bot.api.reach_told import ReachTold, reach_told
from bot.api.shapes import Given, Stamp, Told
from comms.acts.deliveries import cancel, retry
from comms.delivery import DeliveryState, Reason
from comms.desk import Scene
from comms.ledger import Filter
from comms.plan.model import ChannelName

table = Table(tag="deliveries")


class Page(Given):
    """Which deliveries to list."""

    state: DeliveryState | None = None
    audience: AudienceName | None = None
    cursor: int = Field(
        default=0,
        ge=0,
        le=2**63 - 1,
        description="`next` of the page before; without it, the first page.",
    )
    limit: int = Field(default=100, ge=1, le=1000)


class DeliveryTold(Told):
    """One update to one recipient by one channel."""

    id: int
    update: int
    audience: str
    channel: ChannelName
    address: str
    name: str
    state: DeliveryState
    reason: Reason | None = Field(description="Why it was not accepted, or not sent.")
    detail: str = Field(description="The platform's own words.")
    attempts: int
    provider_id: str = Field(description="The transport's receipt.")
    planned_at: Stamp
    due_at: Stamp | None
    finished_at: Stamp | None
    acknowledged_at: Stamp | None


class DeliveryList(Told):
    """A page of the ledger."""

    deliveries: list[DeliveryTold]
    next: int | None = Field(description="The cursor of the next page; null: this is the last.")


class Again(Given):
    """Whom to send to again."""

    only: Annotated[
        Literal["failed"], Field(description="Those rejected, and those nobody knows of.")
    ]


class Retried(Told):
    """How many deliveries were planned again."""

    retried: int


@table.get("/incidents/{key}/updates/{number}/deliveries")
async def list_deliveries(call: Call, key: Key, number: Number, query: Page) -> DeliveryList:
    """List an update's deliveries."""

    def look(scene: Scene) -> DeliveryList:
        _there(scene, key, number)
        if query.audience is not None and query.audience not in scene.plan.audiences:
            scene.plan.audience(query.audience, pointer="/audience")
        rows = scene.book.fanouts.rows(
            key,
            Filter(
                update=number,
                audience=query.audience,
                state=query.state,
                after=query.cursor,
                limit=query.limit + 1,
            ),
        )
        page = rows[: query.limit]
        return DeliveryList(
            deliveries=[DeliveryTold.model_validate(row) for row in page],
            next=page[-1].id if len(rows) > query.limit else None,
        )

    return await call.read(look)


@table.get("/incidents/{key}/updates/{number}/reach")
async def read_reach(call: Call, key: Key, number: Number) -> ReachTold:
    """Say how far an update has got: totals by state, and by audience."""

    def look(scene: Scene) -> ReachTold:
        _there(scene, key, number)
        return reach_told(scene, key, number)

    return await call.read(look)


@table.post("/incidents/{key}/updates/{number}/retry", status=202, problems=(409,))
async def retry_deliveries(call: Call, key: Key, number: Number, body: Again) -> Retried:
    """Send an update again to those not reached.

    Each delivery keeps its key, so a mailbox can drop a message that had arrived after all.
    """

    def act(scene: Scene) -> Retried:
        scene.book.incidents.get(key)
        return Retried(retried=retry(scene, key, number))

    return await call.do(act)


class Cancelled(Told):
    """How many deliveries will not be sent."""

    cancelled: int


@table.post("/incidents/{key}/updates/{number}/cancel", problems=(409,))
async def cancel_deliveries(call: Call, key: Key, number: Number) -> Cancelled:
    """Stop an update: what nobody has begun to send is not sent."""

    def act(scene: Scene) -> Cancelled:
        scene.book.incidents.get(key)
        return Cancelled(cancelled=cancel(scene, key, number))

    return await call.do(act)


def _there(scene: Scene, key: str, number: int) -> None:
    """Raise NotFound where there is no such incident, or no such update of it."""
    scene.book.incidents.get(key)
    scene.book.updates.get(key, number)
