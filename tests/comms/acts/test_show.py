"""What acts ask to be shown: every change of it, also two in one moment."""

from __future__ import annotations

from comms.acts.incident import assign
from comms.desk import Desk
from comms.people import Role
from comms.testing import HeldClock
from storage.database import Database
from storage.outbox import SqlEffects
from tests.acting import declared
from tests.house import ADA, BEN


async def test_what_changes_again_in_the_same_moment_is_shown_again(
    desk: Desk, database: Database, clock: HeldClock
) -> None:
    incident = await declared(desk, roles={})
    effects = SqlEffects(database)
    await desk.do(assign, ADA, "teams", incident.key, role=Role.INCIDENT_COMMANDER, person=ADA)
    for effect in await effects.waiting(clock.now(), limit=9):
        await effects.done(effect, clock.now())

    await desk.do(assign, BEN, "teams", incident.key, role=Role.COMMS_LEAD, person=BEN)

    waiting = await effects.waiting(clock.now(), limit=9)
    assert [effect.kind for effect in waiting] == ["room.checklist", "room.refresh"]
