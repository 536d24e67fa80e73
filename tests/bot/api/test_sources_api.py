"""Sources over the API: listed, read at once, believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.acts.sources import due, take_group, take_rota
from comms.desk import Desk
from comms.people import SITREP
from comms.plan.load import load
from comms.plan.model import Plan
from comms.source import FeedCopy, Member, Rota, Shift, Source, SourceKind
from comms.testing import HeldClock
from tests.bot.api.client import Api

GROUP = Source(kind=SourceKind.GROUP, name="Leadership")
ROTA = Rota(name="payments", feed="https://calendar.example/hunter2.ics")


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The shipped plan with a group and a rota for executives."""
    plan = load(None)
    executives = replace(plan.audience("executives"), sources=(GROUP, ROTA.source))
    audiences = {**plan.audiences, "executives": executives}
    return replace(plan, audiences=audiences, rotas={"payments": ROTA})


async def fill(desk: Desk) -> None:
    people = [Member(email=f"p{number}@x.org") for number in range(20)]
    await desk.do(take_group, SITREP, "timer", GROUP, people, left_out={"guests": 2})
    now = desk.clock.now()
    shifts = [Shift(starts=now, ends=now.replace(year=now.year + 1), member=people[0])]
    feed = FeedCopy(origin="o", body=b"")
    await desk.do(take_rota, SITREP, "timer", ROTA.source, shifts, feed)
    await desk.do(take_group, SITREP, "timer", GROUP, people[:1], left_out={})


async def test_sources_are_listed_with_their_people_and_what_is_wrong(api: Api, desk: Desk) -> None:
    await fill(desk)

    answer = await api.get("/sources")
    told = {one["key"]: one for one in answer.body["sources"]}

    group, rota = told["group:Leadership"], told["rota:payments"]
    assert (group["audiences"], group["people"]) == (["executives"], 20)
    assert group["left_out"] == {"guests": 2}
    assert "came back with 1 of 20 people" in group["warning"]
    assert (rota["on_call"], rota["warning"]) == (["p0@x.org"], "")
    assert "hunter2" not in answer.text
    ready = (await api.ask("GET", "/readyz")).body
    assert "came back with 1 of 20" in ready["warnings"][0]


async def test_a_source_is_read_at_once_where_somebody_asks(api: Api, desk: Desk) -> None:
    await fill(desk)
    assert await desk.read(due, SITREP, "timer") == ()

    answer = await api.post("/sources/refresh", {"key": GROUP.key, "accept": True})

    assert answer.status == 200
    assert [one.key for one in await desk.read(due, SITREP, "timer")] == [GROUP.key]
    await desk.do(take_group, SITREP, "timer", GROUP, [Member(email="p@x.org")], left_out={})
    told = (await api.get("/sources")).body["sources"]
    assert next(one["people"] for one in told if one["key"] == GROUP.key) == 1


async def test_a_source_that_the_plan_does_not_name_is_a_404(api: Api) -> None:
    answer = await api.post("/sources/refresh", {"key": "group:Nobody"})

    assert answer.status == 404
    assert "rota:payments" in answer.body["detail"]


async def test_metrics_show_how_good_and_how_old_copies_are(
    api: Api, desk: Desk, clock: HeldClock
) -> None:
    await fill(desk)
    clock.advance(timedelta(hours=1))

    text = (await api.ask("GET", "/metrics")).text

    assert 'sitrep_source_people{source="group:Leadership"} 20.0' in text
    assert 'sitrep_source_age_seconds{source="group:Leadership"} 3600.0' in text
    assert 'sitrep_source_good{source="group:Leadership"} 0.0' in text
    assert 'sitrep_source_good{source="rota:payments"} 1.0' in text
