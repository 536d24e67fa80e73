"""The estimate: how many an update would reach, and how long that takes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from comms.desk import Desk, House, Scene
from comms.estimate import Estimate, estimates
from comms.people import SITREP
from comms.recipient import Recipient
from comms.testing import HeldClock
from comms.throttle import Limit, Told
from storage.book import SqlStore
from storage.database import Database
from storage.throttle import SqlThrottle
from tests.acting import declared, drafted

KEY = "mail:status@example.com"
PEOPLE = 4_000


@pytest.mark.parametrize("configured", [0.0, 50.0])
async def test_what_the_relay_was_seen_to_take_is_reckoned_with_where_it_is_less(
    database: Database, house: House, clock: HeldClock, configured: float
) -> None:
    limit = Limit(key=KEY, rate=configured)
    limited = replace(house, limits=lambda _audience, _channel: (limit,))
    desk = Desk(store=SqlStore(database), house=limited, clock=clock)
    people = [Recipient(email=f"p{number}@x.org") for number in range(PEOPLE)]
    await desk.do(lambda s: s.book.recipients.replace("stakeholders", people), SITREP, "cli")
    incident = await declared(desk)
    throttle = SqlThrottle(database)
    told = Told(began=clock.now(), accepted=4, refused=1)
    await throttle.turn(limit, told, want=0, priority=1, now=clock.now())

    preview = await drafted(desk, incident.key, audiences=["stakeholders"])

    def look(scene: Scene) -> Estimate:
        return estimates(scene, preview.update, scene.plan.enabled())["stakeholders"]

    rates = await desk.read(lambda scene: scene.book.paces.rates(), SITREP, "cli")
    told_so = await desk.read(look, SITREP, "cli")

    assert not configured or rates[KEY] < configured
    assert told_so == Estimate(recipients=PEOPLE, eta_seconds=math.ceil(PEOPLE / rates[KEY]))
