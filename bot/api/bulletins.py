"""Bulletins: what goes out through the ledger beside updates; digests, invitations."""

from __future__ import annotations

from pydantic import Field

from bot.api.deliveries import DeliveryList, DeliveryTold
from bot.api.keys import AudienceName, BulletinKey
from bot.api.operation import Call, Table
from bot.api.shapes import Given, Stamp, Told
from comms.bulletin import Bulletin, BulletinKind
from comms.delivery import DeliveryState
from comms.desk import Scene
from comms.errors import NotFound
from comms.ledger import Filter
from comms.plan.model import ChannelName

table = Table(tag="bulletins")


class Wanted(Given):
    """Which bulletins to list."""

    kind: BulletinKind | None = None
    audience: AudienceName | None = None
    limit: int = Field(default=50, ge=1, le=1000)


class Page(Given):
    """Which deliveries to list."""

    state: DeliveryState | None = None
    cursor: int = Field(default=0, ge=0, le=2**63 - 1)
    limit: int = Field(default=100, ge=1, le=1000)


class BulletinTold(Told):
    """A bulletin, and how far it has got."""

    key: str
    kind: BulletinKind
    audience: str
    about: str = Field(description="The incident that it is about, or ''.")
    at: Stamp
    subject: str
    states: dict[DeliveryState, int]


class BulletinList(Told):
    """Bulletins, newest first."""

    bulletins: list[BulletinTold]


@table.get("/bulletins")
async def list_bulletins(call: Call, query: Wanted) -> BulletinList:
    """List digests, invitations and confirmations, newest first."""

    def look(scene: Scene) -> BulletinList:
        found = scene.book.bulletins.find(
            kind=query.kind, audience=query.audience, limit=query.limit
        )
        return BulletinList(bulletins=[_told(scene, one) for one in found])

    return await call.read(look)


@table.get("/bulletins/{bulletin}/deliveries")
async def list_bulletin_deliveries(call: Call, bulletin: BulletinKey, query: Page) -> DeliveryList:
    """List a bulletin's deliveries."""

    def look(scene: Scene) -> DeliveryList:
        if scene.book.bulletins.get(bulletin) is None:
            raise NotFound(f"There is no bulletin {bulletin!r}.")
        wanted = Filter(state=query.state, after=query.cursor, limit=query.limit + 1)
        rows = scene.book.fanouts.rows(bulletin, wanted)
        page = rows[: query.limit]
        return DeliveryList(
            deliveries=[DeliveryTold.model_validate(row) for row in page],
            next=page[-1].id if len(rows) > query.limit else None,
        )

    return await call.read(look)


def _told(scene: Scene, bulletin: Bulletin) -> BulletinTold:
    totals = scene.book.fanouts.totals(bulletin.key, 0)
    states = totals.get((bulletin.audience, ChannelName.MAIL), {})
    return BulletinTold(
        key=bulletin.key,
        kind=bulletin.kind,
        audience=bulletin.audience,
        about=bulletin.about if bulletin.kind is BulletinKind.INVITATION else "",
        at=bulletin.at,
        subject=bulletin.statement.subject,
        states={state: states.get(state, 0) for state in DeliveryState},
    )
