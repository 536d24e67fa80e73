"""What Prometheus reads: the queue, what was sent, promises and timers, the loop's lag."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics.backlog import BacklogGauges
from bot.metrics.lag import watch_lag
from bot.metrics.meters import ProductMeters
from bot.metrics.route import metrics_routes
from comms.acts.people import import_recipients
from comms.bell import Bell
from comms.delivery import Delivery, DeliveryState, Outcome, Reason
from comms.desk import Desk
from comms.fanout import Runner, Slots
from comms.outage import Outage
from comms.people import SITREP
from comms.plan.model import ChannelName
from comms.recipient import Recipient
from comms.routes import only
from comms.testing import FakeTransport, HeldClock
from comms.testing.transport import accept
from comms.throttle import Limit, Told
from comms.timekeeper import Timekeeper
from storage.database import Database
from storage.ledger import SqlLedger
from storage.throttle import SqlThrottle
from tests.acting import declared, sent

Scrape = Callable[[], Awaitable[dict[str, float]]]

PEOPLE = ("ada@example.com", "bo@example.com", "full@example.com")


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def meters(registry: CollectorRegistry) -> ProductMeters:
    return ProductMeters(registry)


@pytest.fixture
async def scrape(desk: Desk, registry: CollectorRegistry) -> AsyncIterator[Scrape]:
    """Read /metrics as Prometheus does: the samples by their names and labels."""
    app = web.Application()
    app.add_routes(metrics_routes(registry, BacklogGauges(desk, registry, fresh=0.0)))

    async def read() -> dict[str, float]:
        answer = await client.get("/metrics")
        assert answer.status == 200
        return {
            _shown(sample.name, sample.labels): sample.value
            for family in text_string_to_metric_families(await answer.text())
            for sample in family.samples
        }

    async with TestClient(TestServer(app)) as client:
        yield read


def _shown(name: str, labels: dict[str, str]) -> str:
    return name + "".join(f" {key}={value}" for key, value in sorted(labels.items()))


def _refuse_full(delivery: Delivery) -> Outcome:
    if delivery.address != "full@example.com":
        return accept(delivery)
    return Outcome(
        delivery=delivery.id, state=DeliveryState.REJECTED, reason=Reason.MAILBOX_UNKNOWN
    )


@pytest.fixture
def runner(database: Database, clock: HeldClock, meters: ProductMeters) -> Runner:
    return Runner(
        channel=ChannelName.MAIL,
        routes=only(FakeTransport(rule=_refuse_full)),
        ledger=SqlLedger(database),
        clock=clock,
        bell=Bell(),
        owner="test",
        slots=Slots(),
        meters=meters,
    )


async def _approved(desk: Desk) -> None:
    await desk.do(
        import_recipients,
        SITREP,
        "api",
        "stakeholders",
        people=[Recipient(email=email) for email in PEOPLE],
        refused=(),
    )
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=("stakeholders",))


async def test_the_queue_is_deep_and_old_until_it_is_sent(
    desk: Desk, clock: HeldClock, runner: Runner, scrape: Scrape
) -> None:
    await _approved(desk)
    clock.advance(timedelta(seconds=90))

    before = await scrape()
    await runner.run_until_idle()
    after = await scrape()

    assert before["sitrep_queue_deliveries channel=mail state=planned"] == 3
    assert before["sitrep_queue_oldest_seconds channel=mail"] == 90
    assert after["sitrep_queue_deliveries channel=mail state=planned"] == 0
    assert after["sitrep_queue_oldest_seconds channel=mail"] == 0


async def test_outcomes_are_counted_by_channel_and_reason_and_name_nobody(
    desk: Desk, runner: Runner, scrape: Scrape, registry: CollectorRegistry
) -> None:
    await _approved(desk)
    await runner.run_until_idle()

    told = await scrape()

    final = "sitrep_deliveries_total channel=mail"
    assert told[f"{final} outcome=accepted reason="] == 2
    assert told[f"{final} outcome=rejected reason=mailbox_unknown"] == 1
    assert not [name for name in told if "@" in name or "example" in name]


async def test_a_refusal_that_may_pass_is_an_attempt_but_no_final_outcome(
    desk: Desk, database: Database, clock: HeldClock, meters: ProductMeters, scrape: Scrape
) -> None:
    def throttle(delivery: Delivery) -> Outcome:
        return Outcome(delivery=delivery.id, state=DeliveryState.REJECTED, reason=Reason.THROTTLED)

    await _approved(desk)
    busy = Runner(
        channel=ChannelName.MAIL,
        routes=only(FakeTransport(rule=throttle)),
        ledger=SqlLedger(database),
        clock=clock,
        bell=Bell(),
        owner="test",
        slots=Slots(),
        meters=meters,
    )
    await busy.run_until_idle()

    told = await scrape()

    assert told["sitrep_attempts_total channel=mail outcome=rejected reason=throttled"] == 3
    assert not [name for name in told if name.startswith("sitrep_deliveries_total")]
    assert told["sitrep_queue_deliveries channel=mail state=planned"] == 3


async def test_a_missed_promise_and_a_late_timer_are_seen(
    desk: Desk, clock: HeldClock, bell: Bell, meters: ProductMeters, scrape: Scrape
) -> None:
    await declared(desk)
    promised = await scrape()
    clock.advance(timedelta(hours=1))
    overdue = await scrape()
    await Timekeeper(desk=desk, clock=clock, bell=bell, meters=meters).fire()

    told = await scrape()

    assert promised["sitrep_promises state=open"] > 0
    assert promised["sitrep_timers_overdue"] == 0
    assert overdue["sitrep_timers_overdue"] == overdue["sitrep_timers"]
    assert told["sitrep_promises state=missed"] == promised["sitrep_promises state=open"]
    assert told["sitrep_timer_late_seconds_count kind=promise.due"] > 0
    assert told["sitrep_timer_late_seconds_bucket kind=promise.due le=300.0"] == 0
    assert told["sitrep_timers"] == 0


async def test_what_waits_in_the_outbox_is_counted_and_its_age_told(
    desk: Desk, clock: HeldClock, scrape: Scrape
) -> None:
    await declared(desk)
    clock.advance(timedelta(seconds=30))

    told = await scrape()

    assert told["sitrep_outbox_effects"] > 0
    assert told["sitrep_outbox_oldest_seconds"] == 30


async def test_a_channel_that_is_out_says_since_when(
    desk: Desk, clock: HeldClock, scrape: Scrape
) -> None:
    outage = Outage(channel=ChannelName.MAIL, since=clock.now(), why="unreachable")
    await desk.do(lambda scene: scene.book.outages.save(outage), SITREP, "timer")
    clock.advance(timedelta(seconds=30))

    told = await scrape()

    assert told["sitrep_channel_outage_seconds channel=mail"] == 30
    assert told["sitrep_channel_outage_seconds channel=teams"] == 0


async def test_the_rate_that_was_learned_is_shown_and_names_no_mailbox(
    desk: Desk, database: Database, clock: HeldClock, scrape: Scrape
) -> None:
    throttle = SqlThrottle(database)
    for key in ("mail:status@x.org", "mail:acs:status@x.org", "mail:acs:status@x.org:quota"):
        refused = Told(began=clock.now(), accepted=100, refused=1)
        await throttle.turn(Limit(key=key), refused, want=0, priority=1, now=clock.now())

    shown = {name for name in await scrape() if name.startswith("sitrep_channel_rate")}

    assert shown == {
        "sitrep_channel_rate channel=mail transport=",
        "sitrep_channel_rate channel=mail transport=acs",
    }


async def test_what_this_process_counts_is_shown_while_the_database_is_away(
    desk: Desk, database: Database, meters: ProductMeters, scrape: Scrape
) -> None:
    meters.carried("room.open", "done")
    assert "sitrep_timers" in await scrape()
    database.close()

    told = await scrape()

    assert told["sitrep_effects_total kind=room.open outcome=done"] == 1
    assert "sitrep_timers" not in told, "an old reading passes for the present one"


async def test_a_blocked_event_loop_is_late() -> None:
    told: list[float] = []
    watching = asyncio.create_task(watch_lag(told.append, every=0.01))
    await asyncio.sleep(0.005)

    _block_the_loop()
    await asyncio.sleep(0.03)
    watching.cancel()

    assert max(told) >= 0.04


def _block_the_loop() -> None:
    until = asyncio.get_running_loop().time() + 0.06
    while asyncio.get_running_loop().time() < until:
        pass
