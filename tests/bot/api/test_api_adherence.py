"""Adherence through the API: of an incident, and over time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from comms.desk import Desk
from comms.testing import HeldClock
from tests.acting import declared, sent
from tests.bot.api.client import Api

MINUTE = timedelta(minutes=1)


async def test_an_incidents_adherence_is_told_per_audience(
    api: Api, desk: Desk, clock: HeldClock
) -> None:
    key = (await declared(desk)).key
    clock.advance(12 * MINUTE)
    await sent(desk, key)

    told = (await api.get(f"/incidents/{key}/adherence")).body

    assert told["incident"] == key
    assert (told["all"]["promised"], told["all"]["kept"], told["all"]["on_time"]) == (4, 2, 0.5)
    assert told["all"]["still_open"] == 4
    customers = told["audiences"]["customers"]
    assert (customers["on_time"], customers["late_worst_seconds"]) == (0.0, 120)
    assert customers["first_notice_seconds"] == told["all"]["first_notice_seconds"] == 720
    assert told["marks"]["customers"] == ["late", "open"]
    assert told["audiences"]["executives"]["late_worst_seconds"] is None


async def test_adherence_over_time_is_told_by_month(api: Api, desk: Desk, clock: HeldClock) -> None:
    await sent(desk, (await declared(desk)).key)
    clock.advance(timedelta(days=40))
    await sent(desk, (await declared(desk)).key)

    told = (await api.get("/adherence")).body

    assert told["incidents"] == 2
    assert [(one["month"], one["incidents"]) for one in told["months"]] == [
        ("2026-01", 1),
        ("2026-02", 1),
    ]
    assert set(told["audiences"]) == {"responders", "executives", "stakeholders", "customers"}
    # Nobody has told the readers of the first one anything for forty days.
    assert told["all"]["longest_silence_seconds"] == 40 * 24 * 3600
    january = (await api.get("/adherence", **{"from": "2026-01-01", "to": "2026-02-01"})).body
    assert (january["incidents"], january["begin"]) == (1, "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"from": "yesterday"}, "/from"),
        ({"to": "2026-13-01"}, "/to"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "/from"),
        ({"from": "2030-01-01"}, "/from"),
        ({"since": "2026-01-01"}, "/since"),
    ],
)
async def test_a_period_that_cannot_be_is_refused(
    api: Api, given: dict[str, str], pointer: str
) -> None:
    problem = (await api.get("/adherence", **given)).problem(422)

    assert problem["pointer"] == pointer


async def test_an_incident_that_is_not_there_has_no_adherence(api: Api) -> None:
    (await api.get("/incidents/INC-99/adherence")).problem(404)
