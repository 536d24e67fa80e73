"""The plan changes while an incident is open: a good one is taken up, a broken one only told of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from bot.cards.war_room import plan_warning
from bot.root import Product, sitrep
from bot.settings import Settings
from comms.bell import Bell
from comms.plan.load import shipped
from tests.acting import declared, seen

PATIENCE = 60
TOKEN = "a token of this test"


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110 (what is waited for stays once it is there)
            await asyncio.sleep(0.01)


async def test_a_good_plan_is_taken_up_and_a_broken_one_is_told_of(tmp_path: Path) -> None:
    file, reload = tmp_path / "plan.yaml", Bell()
    file.write_text(shipped(), encoding="utf-8")
    settings = Settings(
        database_url=SecretStr(f"sqlite:///{tmp_path / 'sitrep.db'}"),
        plan=file,
        api_token=SecretStr(TOKEN),
        status_dir=tmp_path / "status",
    )
    async with (
        sitrep(settings, reload=reload) as product,
        TestClient(TestServer(product.app)) as client,
    ):
        client.session.headers["Authorization"] = f"Bearer {TOKEN}"
        first = product.desk.house.plan.digest
        key = (await declared(product.desk)).key

        named = "organisation: Fabrikam\nversion: 2026-12"
        file.write_text(shipped().replace("organisation: Your organisation", named))
        reload.ring()
        await until(lambda: product.desk.house.plan.version == "2026-12")

        assert await ran_under(product, key, 2) == [first, product.desk.house.plan.digest]
        told = await (await client.get(f"/api/v1/incidents/{key}")).json()
        assert [one["version"] for one in told["plans"]] == ["", "2026-12"]
        assert told["plans"][1]["loaded_at"] is not None

        file.write_text(shipped().replace("[teams]", "[team]"))
        reload.ring()
        await until(lambda: bool(product.desk.house.refused))

        assert product.desk.house.plan.organisation == "Fabrikam"
        in_use = await (await client.get("/api/v1/plan")).json()
        assert in_use["version"] == "2026-12"
        assert "audiences.responders.channels[0]" in in_use["refused"][0]
        ready = await (await client.get("/readyz")).json()
        assert ready["warnings"] == [f"The plan's file is not taken up: {in_use['refused'][0]}"]
        metrics = await (await client.get("/metrics")).text()
        assert "\nsitrep_plan_problems 1.0\n" in metrics
        assert 'version="2026-12"' in metrics
        assert "has a mistake" in plan_warning(product.desk.house.refused)


async def ran_under(product: Product, key: str, count: int) -> list[str]:
    """The hashes of the plans that the incident has run under, once there are so many."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await seen(product.desk, lambda scene: scene.book.incidents.get(key))
            if len(found.plans) >= count:
                return [version.digest for version in found.plans]
            await asyncio.sleep(0.01)
