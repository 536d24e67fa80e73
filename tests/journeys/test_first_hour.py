"""The first hour of a SEV1, as the engine lives it, told by the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from comms.acts.asks import meet, take
from comms.acts.declare import declare
from comms.acts.deliveries import retry
from comms.acts.draft import draft, opening
from comms.acts.incident import assign, change_severity, note, resolve
from comms.bell import Bell
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.desk import Desk
from comms.errors import StaleDraft
from comms.fanout import Runner, Slots
from comms.incident import Severity, Status
from comms.outbox import Carrier, Effect
from comms.people import Role
from comms.plan.model import ChannelName
from comms.promise import PromiseState
from comms.recipient import Recipient
from comms.report import one_tap_done
from comms.routes import only
from comms.statement import PLAIN
from comms.testing import FakeTransport, HeldClock
from comms.testing.transport import accept
from comms.timekeeper import Timekeeper
from storage.database import Database
from storage.ledger import SqlLedger
from storage.outbox import SqlEffects
from tests.acting import approved, seen
from tests.house import ADA, BEN, CAS, REPORT

MINUTE = timedelta(minutes=1)


class Hour:
    """The program's loops, turned by hand, minute by minute."""

    def __init__(self, desk: Desk, database: Database, clock: HeldClock) -> None:
        self.desk = desk
        self.clock = clock
        self.start = clock.now()
        self.transports = {name: FakeTransport() for name in ChannelName}
        self.effects: list[tuple[int, Effect]] = []
        self._timekeeper = Timekeeper(desk=desk, clock=clock, bell=Bell())
        self._carrier = Carrier(
            effects=SqlEffects(database),
            hands=dict.fromkeys(
                [
                    *("room.open", "room.refresh", "room.update", "room.reach", "room.ask"),
                    *("room.nudge", "room.glass", "room.changed", "room.current"),
                    *("room.answered", "room.checklist", "page.refresh"),
                ],
                self._show,
            ),
            clock=clock,
            bell=Bell(),
        )
        self._runners = [
            Runner(
                channel=name,
                routes=only(transport),
                ledger=SqlLedger(database),
                clock=clock,
                bell=Bell(),
                owner="one",
                slots=Slots(),
            )
            for name, transport in self.transports.items()
        ]

    async def until(self, minute: int) -> None:
        """Let time pass; everything that is due is done in its minute."""
        while self.clock.now() < self.start + minute * MINUTE:
            self.clock.advance(MINUTE)
            while await self._timekeeper.fire():
                pass
            await self.settle()

    async def settle(self) -> None:
        """Send and show what is due now."""
        for runner in self._runners:
            await runner.run_until_idle()
        while await self._carrier.carry():
            pass

    async def _show(self, effect: Effect) -> None:
        self.effects.append((int((self.clock.now() - self.start) / MINUTE), effect))

    def nudges(self) -> list[tuple[int, str, int]]:
        """Who was told when: the minute, the phase, the minute that was promised."""
        return [
            (
                minute,
                str(effect.payload["phase"]),
                int((_moment(effect) - self.start) / MINUTE),
            )
            for minute, effect in self.effects
            if effect.kind == "room.nudge"
        ]

    def mailed(self, number: int) -> Counter[str]:
        """How often each address was sent that update."""
        return Counter(
            delivery.address
            for statement, delivery in self.transports[ChannelName.MAIL].sent
            if statement.update == number
        )


@pytest.fixture
def hour(desk: Desk, database: Database, clock: HeldClock) -> Hour:
    return Hour(desk, database, clock)


async def test_the_first_hour_of_a_sev1(hour: Hour, desk: Desk) -> None:
    await desk.do(
        lambda scene: [
            scene.book.recipients.replace(name, people)
            for name, people in {
                "executives": [Recipient(email="cfo@x.org"), Recipient(email="coo@x.org")],
                "stakeholders": [Recipient(email="coo@x.org"), Recipient(email="shops@x.org")],
                "customers": [Recipient(email="pay@customer.example")],
            }.items()
        ],
        ADA,
        "api",
    )

    # 0: a responder declares with two inputs; the leads take their roles.
    incident = await desk.do(
        declare, CAS, "teams", title="Card payments failing", severity=Severity.SEV2, nonce="f"
    )
    key = incident.key
    for role, person in ((Role.INCIDENT_COMMANDER, ADA), (Role.COMMS_LEAD, BEN)):
        await desk.do(assign, person, "teams", key, role=role, person=person)
    await hour.settle()
    assert hour.effects[0][1].kind == "room.open"

    # 4: it is worse than thought; 5: the responders' promise is missed and said so.
    await hour.until(4)
    await desk.do(change_severity, ADA, "teams", key, Severity.SEV1)
    await hour.until(6)
    assert hour.nudges() == [(3, "nudge", 5), (5, "due", 5), (5, "nudge", 10)]

    # 8: the first update. The lead corrects it, the old card is refused, both approve.
    await hour.until(8)
    old = await desk.do(draft, BEN, "teams", key, report=REPORT)
    first = await desk.do(draft, BEN, "teams", key, report=replace(REPORT, risk="None known."))
    with pytest.raises(StaleDraft):
        await approved(desk, old, ADA)
    await approved(desk, first)
    with failing(hour.transports[ChannelName.MAIL], "shops@x.org"):
        await hour.settle()
    assert hour.mailed(1) == {"cfo@x.org": 1, "coo@x.org": 1, "shops@x.org": 1, PAYER: 1}
    assert await totals(desk, key, 1) == {
        DeliveryState.ACCEPTED: 5,
        DeliveryState.PLANNED: 1,
        DeliveryState.SUPPRESSED: 1,
    }

    # 9: the throttled one goes out on its own; what customers read has nothing from inside.
    await hour.until(9)
    assert hour.mailed(1)["shops@x.org"] == 2
    assert (await totals(desk, key, 1))[DeliveryState.ACCEPTED] == 6
    [notice] = [s for s, _ in hour.transports[ChannelName.PAGE].sent]
    assert "Some card payments fail." in notice.parts[PLAIN]
    assert "One in three card payments fails" not in notice.parts[PLAIN]

    # 12: somebody takes the ask and finds the contact.
    await hour.until(12)
    [ask] = await seen(desk, lambda scene: scene.book.asks.of(key))
    await desk.do(take, CAS, "teams", ask.id)
    await desk.do(meet, CAS, "teams", ask.id)
    await desk.do(note, CAS, "teams", key, "The acquirer has rolled back too.")

    # 22: the next report, carried forward by a tap; the needs are met and gone.
    await hour.until(22)
    opened = await seen(desk, opening, key)
    assert opened.needs == ()
    second = await desk.do(
        draft, BEN, "teams", key, report=one_tap_done(opened), status=Status.MONITORING
    )
    await approved(desk, second)
    await hour.until(23)
    assert hour.mailed(2) == {"cfo@x.org": 1, "coo@x.org": 1, "shops@x.org": 1, PAYER: 1}

    # 35: resolved. Whoever was told is told the end; one address has gone for good.
    await hour.until(35)
    last = await desk.do(resolve, ADA, "teams", key)
    await approved(desk, last)
    with failing(hour.transports[ChannelName.MAIL], "cfo@x.org", Reason.MAILBOX_UNKNOWN):
        await hour.settle()
    assert (await totals(desk, key, 3))[DeliveryState.REJECTED] == 1

    # 40: the address is mended, and only that one is sent again.
    await hour.until(40)
    assert await desk.do(retry, BEN, "api", key, 3) == 1
    await hour.settle()
    assert hour.mailed(3) == {"cfo@x.org": 2, "coo@x.org": 1, "shops@x.org": 1, PAYER: 1}

    # 60: nothing is owed, nothing rings, and the hour can be read back.
    quiet = len(hour.effects)
    await hour.until(60)
    assert len(hour.effects) == quiet
    promises = await seen(desk, lambda scene: scene.book.promises.of(key))
    assert not any(promise.is_owed for promise in promises)
    assert Counter(promise.state for promise in promises) == {
        PromiseState.MISSED: 1,
        PromiseState.KEPT: 11,
    }
    told = [entry.kind for entry in await seen(desk, lambda scene: scene.book.timeline.of(key))]
    done = [deed.action for deed in await seen(desk, lambda scene: scene.book.audit.of(key))]
    assert told == done
    assert Counter(told)["update.planned"] == 3
    after = await seen(desk, lambda scene: scene.book.incidents.get(key))
    assert (after.status, after.resolved_at) == (Status.RESOLVED, hour.start + 35 * MINUTE)


PAYER = "pay@customer.example"


@contextmanager
def failing(
    transport: FakeTransport, address: str, reason: Reason = Reason.THROTTLED
) -> Iterator[None]:
    """Let the transport refuse one address for a while."""

    def rule(delivery: Delivery) -> Outcome:
        if delivery.address != address:
            return accept(delivery)
        return Outcome(delivery=delivery.id, state=DeliveryState.REJECTED, reason=reason)

    transport.rule = rule
    try:
        yield
    finally:
        transport.rule = accept


async def totals(desk: Desk, key: str, number: int) -> Counter[DeliveryState]:
    every = await seen(desk, lambda scene: scene.book.fanouts.totals(key, number))
    counted: Counter[DeliveryState] = Counter()
    for one in every.values():
        counted.update(one)
    return +counted


def _moment(effect: Effect) -> datetime:
    return datetime.fromisoformat(str(effect.payload["due_at"]))
