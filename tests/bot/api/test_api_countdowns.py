"""Regulators' clocks through the API."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from comms.desk import Desk
from comms.testing import HeldClock
from tests.acting import declared
from tests.bot.api.client import Api

DANA = {"name": "Dana Roth", "email": "dana.roth@example.org"}


@pytest.fixture
async def key(desk: Desk) -> str:
    """An incident under a plan that counts down for one law."""
    desk.house = replace(desk.house, plan=replace(desk.house.plan, regulators=("nis2",)))
    return (await declared(desk)).key


async def test_a_clock_is_started_filed_for_and_stopped(
    api: Api, clock: HeldClock, key: str
) -> None:
    clock.advance(timedelta(hours=3))
    at = (clock.now() - timedelta(hours=2)).isoformat()

    begun = await api.post(
        f"/incidents/{key}/countdowns", {"regime": "nis2", "at": at, "person": DANA}
    )
    assert begun.status == 200
    assert [stage["name"] for stage in begun.body["stages"]] == ["warning", "notification", "final"]
    assert begun.body["source"].startswith("https://")
    filed = await api.post(
        f"/incidents/{key}/countdowns/nis2/filings",
        {"stage": "warning", "person": DANA, "reference": "EW-7"},
    )
    assert filed.body["stages"][0]["reference"] == "EW-7"
    assert filed.body["stages"][0]["filed_by"]["name"] == "Dana Roth"
    stopped = await api.post(
        f"/incidents/{key}/countdowns/nis2/stop", {"person": DANA, "reason": "Not significant."}
    )
    assert stopped.body["stopped"] == "Not significant."
    told = (await api.get(f"/incidents/{key}/countdowns")).body["countdowns"]
    assert [one["regime"] for one in told] == ["nis2"]


async def test_the_form_says_what_the_record_has(api: Api, key: str) -> None:
    await api.post(f"/incidents/{key}/countdowns", {"regime": "nis2", "person": DANA})

    form = (await api.get(f"/incidents/{key}/countdowns/nis2/form")).body

    assert "Not legal advice" in form["disclaimer"]
    assert {"label": "Type of threat or root cause", "answer": ""} in form["fields"]


async def test_a_law_that_the_plan_does_not_name_is_refused(api: Api, key: str) -> None:
    refused = await api.post(f"/incidents/{key}/countdowns", {"regime": "gdpr", "person": DANA})

    assert refused.status == 409
    assert "It has: nis2." in refused.body["detail"]


async def test_a_clock_that_was_not_started_is_not_found(api: Api, key: str) -> None:
    assert (await api.get(f"/incidents/{key}/countdowns/nis2/form")).status == 404
