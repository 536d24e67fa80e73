"""The benchmark of turns measures what it says."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from bot.bench.contenders import ECHOES, Contender, bare, echo_activity
from bot.bench.load import COUNTER, TurnRefused, measure
from bot.bench.turns import run
from tests.bot.channel import serving

pytestmark = pytest.mark.usefixtures("quick_starts")


def test_every_contender_is_measured_and_compared() -> None:
    result = run(1, concurrency=2, seconds=0.3)
    assert result["rounds"] == 1
    for contender in ECHOES:
        measured = result[contender.name]
        assert measured["turns_per_second"] > 0
        assert 0 < measured["p50_ms"] <= measured["p99_ms"]
    assert result["ratios"].keys() == {"sitrep/stock", "sitrep/bare"}
    assert json.loads(json.dumps(result)) == result


def test_a_further_contender_can_be_plugged_in() -> None:
    echoes = tuple(echo for echo in ECHOES if echo.name == "sitrep")
    result = run(1, seconds=0.2, contenders=(*echoes, Contender("declare", bare)))
    assert result["ratios"].keys() == {"declare_p99/sitrep_p99"}


async def test_each_turn_has_a_number_of_its_own_and_is_timed() -> None:
    seen: list[dict[str, Any]] = []

    async def bot(request: web.Request) -> web.Response:
        seen.append(await request.json())
        await asyncio.sleep(0.01)
        return web.Response()

    app = web.Application()
    app.router.add_post("/api/messages", bot)
    async with serving(app) as url:
        template = json.dumps(echo_activity("http://sink")).encode()
        took = await measure(url, template, first=7, concurrency=2, seconds=0.5)
    assert len(took) == len(seen) >= 2  # one at least for each of the two
    assert min(took) >= 0.01
    assert sorted(activity["id"] for activity in seen)[:2] == ["0000000007", "0000000008"]
    assert COUNTER not in json.dumps(seen)


async def test_a_contender_that_refuses_a_turn_ends_the_measurement() -> None:
    async def bot(request: web.Request) -> web.Response:
        return web.Response(status=500, text="no")

    app = web.Application()
    app.router.add_post("/api/messages", bot)
    async with serving(app) as url:
        with pytest.raises(TurnRefused, match="500"):
            await measure(url, b"{}", first=1, concurrency=1, seconds=5)
