"""From a plan's file to the ledger: a group of Entra, a rota and a role are told of an incident."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from bot.root import Product, sitrep
from bot.settings import Settings
from comms.desk import Scene
from comms.ledger import Filter
from comms.people import SITREP
from comms.plan.load import shipped
from comms.plan.model import ChannelName
from comms.source import SourceState
from comms.testing import FakeTransport
from tests.acting import approved, declared, drafted
from tests.bot.authority import an_authority
from tests.bot.channel import APP_ID, TENANT, serving
from tests.bot.sources.directory import GROUP, a_directory, refusal, user
from tests.house import ADA

FROM = f"""label: Executives
    from:
      - {{group: {GROUP}}}
      - {{rota: payments}}
      - {{role: incident_commander}}
"""
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//rota//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART:20260101T000000Z
DTEND:20260102T000000Z
RRULE:FREQ=DAILY
SUMMARY:On call: oda@x.org
END:VEVENT
END:VCALENDAR
"""


async def test_people_of_sources_are_told_also_while_the_sources_are_down(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    rotas = "rotas: {payments: {}}\n"
    plan.write_text(shipped().replace("label: Executives\n", FROM, 1) + f"\n{rotas}")

    async def calendar(_request: web.Request) -> web.Response:
        return web.Response(text=CALENDAR.replace("\n", "\r\n"))

    feeds = web.Application()
    feeds.router.add_get("/hunter2.ics", calendar)
    async with an_authority() as authority, a_directory() as directory, serving(feeds) as feed:
        directory.groups[GROUP] = [user("ann"), user("bob"), user("guest", userType="Guest")]
        settings = Settings(
            database_url=SecretStr(f"sqlite:///{tmp_path}/sitrep.db"),
            plan=plan,
            graph_url=directory.url,
            authority_url=authority.url,
            bot_app_id=APP_ID,
            bot_tenant_id=TENANT,
            bot_secret=SecretStr("a secret"),
            rota_feeds=SecretStr(f"payments={feed}/hunter2.ics"),
            rota_hosts=("127.0.0.1",),
            status_dir=tmp_path / "status",
        )
        transports = {ChannelName.MAIL: FakeTransport(), ChannelName.TEAMS: FakeTransport()}
        async with sitrep(settings, transports=transports) as product:
            assert await read_once(product) == {f"group:{GROUP}": 2, "rota:payments": 1}
            directory.reply = lambda _number: refusal(403, "Authorization_RequestDenied")
            told = await told_executives(product)

    assert told == {"ann@x.org", "bob@x.org", "oda@x.org", ADA.email}


async def read_once(product: Product) -> dict[str, int]:
    """Wait until all copies are written down; return how many people each has."""

    def look(scene: Scene) -> dict[str, SourceState]:
        return dict(scene.book.sources.states())

    async with asyncio.timeout(60):
        while True:
            states = await product.desk.read(look, SITREP, "timer")
            if len(states) == 2 and all(state.fetched_at for state in states.values()):
                return {key: state.people for key, state in states.items()}
            await asyncio.sleep(0.02)


async def told_executives(product: Product) -> set[str]:
    incident = await declared(product.desk)
    await approved(product.desk, await drafted(product.desk, incident.key))

    def look(scene: Scene) -> set[str]:
        rows = scene.book.fanouts.rows(incident.key, Filter(limit=100, audience="executives"))
        return {row.address for row in rows}

    return await product.desk.read(look, SITREP, "timer")
