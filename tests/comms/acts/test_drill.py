"""A drill is told as one, and to people inside only."""

from __future__ import annotations

import pytest

from comms.acts.declare import declare
from comms.acts.incident import change_severity, resolve
from comms.desk import Desk
from comms.errors import Conflict
from comms.incident import Incident, Severity
from tests.acting import drafted, seen
from tests.house import ADA, CAS

INSIDE = {"responders", "executives", "stakeholders"}


async def test_nobody_outside_is_promised_anything(desk: Desk) -> None:
    key = (await exercise(desk)).key
    await desk.do(change_severity, ADA, "teams", key, Severity.SEV1)

    promises = await seen(desk, lambda scene: scene.book.promises.of(key))

    assert {promise.audience for promise in promises} == INSIDE


async def test_an_update_and_the_end_are_told_inside(desk: Desk) -> None:
    key = (await exercise(desk)).key

    assert set((await drafted(desk, key)).update.audiences) == INSIDE
    assert set((await desk.do(resolve, ADA, "teams", key)).update.audiences) == INSIDE


async def test_an_audience_outside_cannot_be_named(desk: Desk) -> None:
    key = (await exercise(desk)).key

    with pytest.raises(Conflict, match="is a drill: customers are outside") as caught:
        await drafted(desk, key, audiences=["customers"])
    assert caught.value.pointer == "/audiences"


async def test_a_drill_stays_one_when_it_is_kept(desk: Desk) -> None:
    key = (await exercise(desk)).key

    assert (await seen(desk, lambda scene: scene.book.incidents.get(key))).drill


async def exercise(desk: Desk) -> Incident:
    return await desk.do(
        declare,
        CAS,
        "api",
        title="Data centre lost",
        severity=Severity.SEV2,
        nonce="drill",
        drill=True,
    )
