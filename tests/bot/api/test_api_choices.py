"""Choices and bulletins over the API: imported with people, exported, counted, listed."""

from __future__ import annotations

import csv
from datetime import timedelta

from bot.api.recipient_file import COLUMNS
from comms.bell import Bell
from comms.desk import Desk
from comms.testing import HeldClock
from comms.timekeeper import Timekeeper
from tests.acting import declared, sent
from tests.bot.api.client import Api

PEOPLE = """email,choice
every@x.org,
changes@x.org,changes
daily@x.org,Daily 17
weekly@x.org,weekly friday
bad@x.org,hourly
"""


async def test_a_list_brings_choices_and_takes_them_along(api: Api) -> None:
    put = await api.put("/audiences/customers/recipients", PEOPLE)
    assert put.body["imported"] == 4
    [refused] = put.body["refused"]
    assert refused["line"] == 6
    assert "Known: every, changes, daily, weekly, nothing" in refused["reason"]

    told = await api.get("/audiences/customers/recipients")
    rows = list(csv.DictReader(told.text.splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert {row["email"]: row["choice"] for row in rows} == {
        "every@x.org": "",
        "changes@x.org": "changes",
        "daily@x.org": "daily 17",
        "weekly@x.org": "weekly friday 8",
    }
    counted = (await api.get("/audiences/customers/choices")).body["choices"]
    assert counted == {"every": 0, "changes": 1, "daily": 1, "weekly": 1, "nothing": 0}
    assert (await api.put("/audiences/customers/recipients", told.text)).body["imported"] == 4


async def test_a_digest_is_listed_with_how_far_it_got_and_whom_it_goes_to(
    api: Api, desk: Desk, clock: HeldClock
) -> None:
    await api.put("/audiences/stakeholders/recipients", "email,choice\nann@x.org,daily 8\n")
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=["stakeholders"])
    timekeeper = Timekeeper(desk=desk, clock=clock, bell=Bell())
    for _ in range(30):
        clock.advance(timedelta(hours=1))
        while await timekeeper.fire():
            pass

    [told] = (await api.get("/bulletins", kind="digest")).body["bulletins"]
    assert told["audience"] == "stakeholders"
    assert told["states"]["planned"] == 1
    listed = await api.get(f"/bulletins/{told['key']}/deliveries")
    [delivery] = listed.body["deliveries"]
    assert delivery["address"] == "ann@x.org"
    (await api.get("/bulletins/digest.none/deliveries")).problem(404)
    (await api.get("/bulletins/%20/deliveries")).problem(404)
