"""What the fan-out's scenarios share: an update to a crowd, and a sender that does nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import structlog

from bot.channels import SLOTS as PRODUCT
from bot.channels import WRITERS
from comms.acts.approve import approve
from comms.acts.declare import declare
from comms.acts.draft import draft
from comms.bell import Bell, Topic
from comms.channels.transport import Transport
from comms.clock import SystemClock
from comms.delivery import Delivery, DeliveryState, Outcome
from comms.desk import Desk, House, Scene
from comms.fanout import Runner, Slots
from comms.gate import Gate
from comms.incident import Severity
from comms.people import Person, Role
from comms.plan.load import load
from comms.plan.model import ChannelName
from comms.planner import Planner
from comms.recipient import Recipient
from comms.report import CanReport
from comms.routes import only
from comms.statement import Statement
from comms.throttle import Limit
from storage import schema
from storage.book import SqlStore
from storage.database import Database
from storage.ledger import SqlLedger
from storage.throttle import SqlThrottle

AUDIENCE = "stakeholders"
SLOTS = PRODUCT[ChannelName.MAIL]
MANY_SLOTS = replace(SLOTS, batch=250)
"""As with SITREP_SLOTS=1000, which a relay is worth that takes whatever comes at once."""

PERSON = Person(name="Benchmark", email="bench@example.com")


class NoOp:
    """Accepts everything at once."""

    async def send(self, statement: Statement, batch: Sequence[Delivery]) -> list[Outcome]:
        """Return an acceptance for each delivery, after letting others have their turn."""
        await asyncio.sleep(0)
        return [
            Outcome(delivery=delivery.id, state=DeliveryState.ACCEPTED, provider_id="none")
            for delivery in batch
        ]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An update that waits for its approval."""

    incident: str
    hash: str
    recipients: int


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The engine on a database, without the bot. `ready` is rung when rows may be sent."""

    database: Database
    desk: Desk
    ready: Bell

    @classmethod
    def on(cls, database: Database) -> Engine:
        """Put the engine together on a migrated database."""
        ready = Bell()
        desk = Desk(
            store=SqlStore(database),
            house=House(plan=load(None), writers=WRITERS),
            clock=SystemClock(),
            bells={Topic.FANOUT: (ready,)},
        )
        return cls(database=database, desk=desk, ready=ready)

    async def plan(self, drafted: Draft) -> None:
        """Approve the update and write every row."""
        await self.desk.do(approved, PERSON, "bench", drafted)
        planner = Planner(desk=self.desk, clock=self.desk.clock, bell=Bell())
        while await planner.plan():
            pass

    def runner(
        self,
        owner: str,
        *,
        transport: Transport | None = None,
        gate: Gate | None = None,
        slots: Slots = SLOTS,
    ) -> Runner:
        """Return a runner, with as many slots as the product has.

        Without a transport nothing is sent and all accepted, without a gate as fast as it goes.
        """
        return Runner(
            channel=ChannelName.MAIL,
            routes=only(transport or NoOp(), gate),
            ledger=SqlLedger(self.database),
            clock=self.desk.clock,
            bell=self.ready,
            owner=owner,
            slots=slots,
        )

    def gate(self, rate: float) -> Gate:
        """Return the gate to a relay that takes so many messages a second; 0: nobody knows."""
        limits = (Limit(key="mail:bench", rate=rate),)
        return Gate(
            limits=lambda _fanout: limits,
            throttle=SqlThrottle(self.database),
            clock=self.desk.clock,
        )

    async def send(self) -> None:
        """Send what waits, with many slots."""
        runner = self.runner("bench", slots=MANY_SLOTS)
        await asyncio.gather(*(runner.run_until_idle() for _ in range(MANY_SLOTS.lanes)))

    async def accepted(self, drafted: Draft) -> int:
        """How many deliveries the ledger has as accepted."""
        return await self.desk.read(accepted, PERSON, "bench", drafted)


@asynccontextmanager
async def engine(url: str) -> AsyncIterator[Engine]:
    """Give the engine on an empty database, as durable as the product has it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    database = Database(url)
    try:
        schema.upgrade(database)
        on = Engine.on(database)
        gc.freeze()  # as `sitrep serve` and `sitrep worker`
        yield on
    finally:
        database.close()


def drafted(
    scene: Scene,
    recipients: int,
    nonce: str = "bench",
    severity: Severity = Severity.SEV3,
) -> Draft:
    """Bring the audience together, declare an incident and draft its first update."""
    filled(scene, recipients)
    incident = declare(scene, title="Benchmark", severity=severity, nonce=nonce)
    seen = draft(
        scene, incident.key, report=CanReport(conditions="Nothing."), audiences=(AUDIENCE,)
    )
    return Draft(incident=incident.key, hash=seen.update.hash, recipients=recipients)


def filled(scene: Scene, recipients: int) -> None:
    """Bring the audience together."""
    scene.book.recipients.replace(AUDIENCE, _people(recipients))


def _people(count: int) -> Iterator[Recipient]:
    for number in range(count):
        yield Recipient(email=f"person{number}@example.com", name=f"Person {number}")


def approved(scene: Scene, drafted: Draft) -> None:
    """Approve the update; the first rows are written with it."""
    approve(scene, drafted.incident, 1, hash=drafted.hash, roles=frozenset({Role.COMMS_LEAD}))


def accepted(scene: Scene, drafted: Draft) -> int:
    """How many deliveries the ledger has as accepted."""
    totals = scene.book.fanouts.totals(drafted.incident, 1)
    return totals[AUDIENCE, ChannelName.MAIL][DeliveryState.ACCEPTED]
