"""What comes in somebody's quiet hours waits until they end, and only the newest is sent then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from comms.acts.deliveries import cancel
from comms.acts.incident import change_severity, resolve
from comms.choice import Choice, Chosen
from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.desk import Desk, Scene
from comms.hold import Held
from comms.incident import Incident, Severity
from comms.ledger import Filter
from comms.people import SITREP
from comms.plan.model import ChannelName, Plan
from comms.quiet import Hours, Quiet
from comms.recipient import Recipient
from comms.suppression import suppressed
from comms.testing import HeldClock
from comms.timekeeper import fire_due
from storage.book import SqlStore
from storage.database import Database
from storage.ledger import SqlLedger
from tests.acting import approved, declared, drafted, seen, sent
from tests.house import ADA

PLANNED, SUPPRESSED = DeliveryState.PLANNED, DeliveryState.SUPPRESSED
HELD = "held"
MORNING = datetime(2026, 6, 2, 5, tzinfo=UTC)
"""07:00 in Zurich."""


@pytest.fixture
def clock() -> HeldClock:
    """It is 23:00 in Zurich."""
    return HeldClock(datetime(2026, 6, 1, 21, tzinfo=UTC))


@pytest.fixture
def plan(plan: Plan) -> Plan:
    """Stakeholders have quiet hours by night, but for a SEV1."""
    night = Quiet(hours=Hours(time(22), time(7)), override=Severity.SEV1)
    stakeholders = replace(plan.audience("stakeholders"), quiet=night)
    return replace(plan, audiences={**plan.audiences, "stakeholders": stakeholders})


@pytest.fixture
async def incident(desk: Desk) -> Incident:
    return await declared(desk, severity=Severity.SEV2)


async def test_what_comes_by_night_waits_for_the_morning_of_each_reader(
    desk: Desk, database: Database, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, Recipient(email="tokyo@x.org", time_zone="Asia/Tokyo"), zurich("swiss"))

    await sent(desk, incident.key, audiences=["stakeholders"])

    assert await told(desk) == {"tokyo@x.org": PLANNED, "swiss@x.org": HELD}
    await passed(desk, clock, MORNING - timedelta(seconds=1))
    assert await told(desk) == {"tokyo@x.org": PLANNED, "swiss@x.org": HELD}
    await passed(desk, clock, MORNING)
    assert await told(desk) == {"tokyo@x.org": PLANNED, "swiss@x.org": PLANNED}
    due = await SqlLedger(database).next_due(ChannelName.MAIL)
    assert due
    assert due <= clock.now()


async def test_the_most_severe_is_sent_at_once(desk: Desk) -> None:
    worst = await declared(desk, severity=Severity.SEV1)
    await listed(desk, zurich("swiss"))

    await sent(desk, worst.key, audiences=["stakeholders"])

    assert await told(desk) == {"swiss@x.org": PLANNED}


async def test_peoples_own_hours_go_before_the_audiences(desk: Desk, incident: Incident) -> None:
    await listed(
        desk,
        zurich("never", quiet="none"),
        zurich("late", quiet="00:00-08:00"),
        zurich("chosen", quiet="none"),
    )
    own = Chosen("stakeholders", "chosen@x.org", Choice(quiet="22:00-06:00"))
    await desk.do(lambda scene: scene.book.choices.save([own]), SITREP, "mail")

    await sent(desk, incident.key, audiences=["stakeholders"])

    assert await told(desk) == {
        "never@x.org": PLANNED,
        "late@x.org": PLANNED,
        "chosen@x.org": HELD,
    }


async def test_only_the_newest_is_sent_when_the_hours_end_the_last_notice_too(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, zurich("swiss"))
    await sent(desk, incident.key, audiences=["stakeholders"])
    await sent(desk, incident.key, audiences=["stakeholders"])
    clock.advance(timedelta(hours=2))
    await approved(desk, await desk.do(resolve, ADA, "teams", incident.key))

    await passed(desk, clock, MORNING)

    overtaken = {"swiss@x.org": (SUPPRESSED, Reason.OVERTAKEN)}
    assert [await rows(desk, number) for number in (1, 2)] == [overtaken, overtaken]
    assert await told(desk, 3) == {"swiss@x.org": PLANNED}


async def test_what_is_severe_overtakes_what_waits(desk: Desk, incident: Incident) -> None:
    await listed(desk, zurich("swiss"))
    await sent(desk, incident.key, audiences=["stakeholders"])

    await desk.do(change_severity, ADA, "teams", incident.key, Severity.SEV1)
    await sent(desk, incident.key, audiences=["stakeholders"])

    assert await rows(desk, 1) == {"swiss@x.org": (SUPPRESSED, Reason.OVERTAKEN)}
    assert await told(desk, 2) == {"swiss@x.org": PLANNED}


async def test_what_waits_is_sent_once_after_a_restart_too(
    desk: Desk, database: Database, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, zurich("swiss"))
    await sent(desk, incident.key, audiences=["stakeholders"])

    again = Desk(store=SqlStore(database), house=desk.house, clock=clock)
    await passed(again, clock, MORNING)
    await passed(again, clock, MORNING + timedelta(days=1))

    assert await told(again) == {"swiss@x.org": PLANNED}


async def test_nothing_is_sent_to_whom_nothing_may_be_sent_any_more(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, zurich("gone"))
    await sent(desk, incident.key, audiences=["stakeholders"])

    def bounce(scene: Scene) -> None:
        gone = suppressed(None, "gone@x.org", reason=Reason.BOUNCED, evidence="", now=scene.now)
        scene.book.suppressions.save(gone)

    await desk.do(bounce, SITREP, "timer")
    await passed(desk, clock, MORNING)

    assert await rows(desk, 1) == {"gone@x.org": (SUPPRESSED, Reason.BOUNCED)}


async def test_what_was_stopped_while_it_waited_is_not_sent(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, zurich("swiss"))
    await sent(desk, incident.key, audiences=["stakeholders"])
    await desk.do(cancel, ADA, "teams", incident.key, 1)

    await passed(desk, clock, MORNING)

    assert await rows(desk, 1) == {"swiss@x.org": (DeliveryState.CANCELLED, None)}


async def test_a_correction_by_night_takes_the_place_of_what_waits_and_waits_itself(
    desk: Desk, clock: HeldClock, incident: Incident
) -> None:
    await listed(desk, zurich("swiss"))
    await sent(desk, incident.key, audiences=["stakeholders"])
    await sent(desk, incident.key, audiences=["stakeholders"], corrects=1)
    assert await rows(desk, 1) == {"swiss@x.org": (DeliveryState.CANCELLED, None)}
    assert await told(desk, 2) == {"swiss@x.org": HELD}

    await passed(desk, clock, MORNING)

    assert await told(desk, 2) == {"swiss@x.org": PLANNED}


async def test_the_estimate_says_how_many_will_wait(desk: Desk, incident: Incident) -> None:
    await listed(desk, zurich("a"), zurich("b", quiet="none"), Recipient(email="utc@x.org"))
    drawn = await drafted(desk, incident.key, audiences=["stakeholders", "customers"])

    assert drawn.estimates["stakeholders"].recipients == 3
    assert drawn.estimates["stakeholders"].waiting == 1
    assert drawn.estimates["customers"].waiting == 0


async def test_what_waits_is_told_with_its_moment(desk: Desk, incident: Incident) -> None:
    await listed(desk, zurich("a"), zurich("b", quiet="22:00-06:00"), zurich("c", quiet="none"))
    await sent(desk, incident.key, audiences=["stakeholders"])

    held = await seen(desk, lambda scene: scene.book.holds.waiting(incident.key, 1))

    assert held == {"stakeholders": Held(deliveries=2, until=MORNING - timedelta(hours=1))}


def zurich(name: str, quiet: str = "") -> Recipient:
    return Recipient(email=f"{name}@x.org", time_zone="Europe/Zurich", quiet=quiet)


async def listed(desk: Desk, *people: Recipient) -> None:
    await desk.do(
        lambda scene: scene.book.recipients.replace("stakeholders", people), SITREP, "cli"
    )


async def passed(desk: Desk, clock: HeldClock, moment: datetime) -> None:
    """Let time pass until a moment, and fire what is due."""
    clock.advance(moment - clock.now())
    await desk.do(fire_due, SITREP, "timer")


async def rows(desk: Desk, number: int) -> dict[str, tuple[DeliveryState, Reason | None]]:
    found = await seen(
        desk,
        lambda scene: scene.book.fanouts.rows(
            "INC-1", Filter(update=number, audience="stakeholders")
        ),
    )
    return {row.address: (row.state, row.reason) for row in found}


async def told(desk: Desk, number: int = 1) -> dict[str, str]:
    """What is planned: at once, or held."""
    found = await seen(
        desk,
        lambda scene: scene.book.fanouts.rows(
            "INC-1", Filter(update=number, audience="stakeholders")
        ),
    )
    return {row.address: HELD if _is_held(row) else row.state for row in found}


def _is_held(row: LedgerRow) -> bool:
    return row.due_at is not None and row.due_at >= MORNING - timedelta(hours=1)
