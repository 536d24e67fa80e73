"""Workers on one Postgres: each letter once, whoever sends it and whoever is killed."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.channels import WRITERS
from comms.bell import Bell
from comms.clock import SystemClock
from comms.delivery import DeliveryState
from comms.desk import Desk, House, Scene
from comms.plan.model import ChannelName, Plan
from comms.planner import Planner
from comms.recipient import Recipient
from storage.book import SqlStore
from storage.database import Database
from tests.acting import declared, seen, sent
from tests.comms.mail.relays import Relayed, serving
from tests.house import ADA
from tests.journeys.cluster import Cluster, cluster, until

PEOPLE = 2_000
SLOTS = 40
"""Mails under way at once in one worker."""

MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE | re.IGNORECASE)

pytestmark = pytest.mark.chaos


@pytest.fixture
async def sink() -> AsyncIterator[Relayed]:
    """A relay that takes everything."""
    async with serving(Relayed()) as relayed:
        yield relayed


@pytest.fixture
async def installation(postgres: Database, tmp_path: Path, sink: Relayed) -> AsyncIterator[Cluster]:
    """Where workers can be started; one that is gone is given up after five seconds."""
    async with cluster(
        postgres,
        tmp_path,
        SITREP_SMTP_URL=f"smtp://127.0.0.1:{sink.port}?starttls=false&connections=4",
        SITREP_MAIL_FROM="Sitrep <sitrep@example.org>",
        SITREP_SLOTS=str(SLOTS),
        SITREP_LEASE="5",
    ) as made:
        yield made


@pytest.fixture
def crowd(postgres: Database, plan: Plan) -> Desk:
    """A desk of the same installation, in this process."""
    return Desk(
        store=SqlStore(postgres, me="the test"),
        house=House(plan=plan, writers=WRITERS),
        clock=SystemClock(),
    )


async def test_two_workers_share_a_fanout_and_send_each_letter_once(
    installation: Cluster, crowd: Desk, sink: Relayed
) -> None:
    workers = await asyncio.gather(installation.worker(), installation.worker())

    key = await approved_for_all(crowd)
    await until(lambda: len(sink.received) >= PEOPLE)
    stopped = [await worker.stopped() for worker in workers]

    assert stopped == [0, 0]
    assert Counter(sink.recipients) == Counter({address(n): 1 for n in range(PEOPLE)})
    assert await mailed(crowd, key) == {DeliveryState.ACCEPTED: PEOPLE}


async def test_a_worker_that_is_killed_loses_nothing_and_repeats_at_most_its_slots(
    installation: Cluster, crowd: Desk, sink: Relayed
) -> None:
    killed, _survivor = await asyncio.gather(installation.worker(), installation.worker())
    key = await approved_for_all(crowd)

    await until(lambda: len(sink.received) >= PEOPLE // 4)
    killed.kill()
    await until(lambda: len(set(sink.recipients)) >= PEOPLE)
    await settled(crowd, key)

    ids = message_ids(sink)
    assert len(ids) == PEOPLE
    assert {len(found) for found in ids.values()} == {1}
    assert len(sink.received) - PEOPLE <= SLOTS
    assert await mailed(crowd, key) == {DeliveryState.ACCEPTED: PEOPLE}


async def test_two_workers_keep_the_relays_rate_together(
    installation: Cluster, crowd: Desk, sink: Relayed
) -> None:
    installation.settings["SITREP_SMTP_URL"] += "&rate=60"
    workers = await asyncio.gather(installation.worker(), installation.worker())
    began = time.monotonic()
    await approved_for_all(crowd, people=300)

    await until(lambda: len(sink.received) >= 300)
    took = time.monotonic() - began
    stopped = [await worker.stopped() for worker in workers]

    assert took >= 0.9 * 300 / 60
    assert stopped == [0, 0]
    assert Counter(sink.recipients) == Counter({address(n): 1 for n in range(300)})


async def test_rows_committed_while_no_worker_runs_are_sent_by_the_first_that_comes(
    installation: Cluster, crowd: Desk, sink: Relayed
) -> None:
    key = await approved_for_all(crowd, people=20)

    await installation.worker()
    await settled(crowd, key)

    assert Counter(sink.recipients) == Counter({address(n): 1 for n in range(20)})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "newer (9999) than this program"),
        ("DELETE FROM engine_migration WHERE name LIKE '03.04%'", "older than this program"),
    ],
)
async def test_a_worker_of_another_version_refuses_to_start_and_says_why(
    installation: Cluster, postgres: Database, change: str, word: str
) -> None:
    with changed(postgres, change):
        worker = await installation.start("worker")
        assert await worker.ended() == 1

    assert len(worker.said) == 1
    assert word in worker.said[0]


@contextmanager
def changed(database: Database, statement: str) -> Iterator[None]:
    """Change what says which version the database is of, for as long as the block runs."""
    tables = ("alembic_version", "engine_migration")
    with database.engine.begin() as connection:
        before = {table: connection.execute(text(f"TABLE {table}")).all() for table in tables}
        connection.execute(text(statement))
    try:
        yield
    finally:
        with database.engine.begin() as connection:
            for table, rows in before.items():
                connection.execute(text(f"DELETE FROM {table}"))
                for row in rows:
                    marks = ", ".join(f":{name}" for name in row._mapping)
                    values = dict(row._mapping)
                    connection.execute(text(f"INSERT INTO {table} VALUES ({marks})"), values)


async def approved_for_all(desk: Desk, *, people: int = PEOPLE) -> str:
    """Approve an update to a crowd of stakeholders; return the incident's key."""

    def fill(scene: Scene) -> None:
        scene.book.recipients.replace(
            "stakeholders", (Recipient(email=address(n)) for n in range(people))
        )

    await desk.do(fill, ADA, "api")
    incident = await declared(desk)
    await sent(desk, incident.key, audiences=("stakeholders",))
    planner = Planner(desk=desk, clock=desk.clock, bell=Bell())
    while await planner.plan():
        pass
    return incident.key


def address(number: int) -> str:
    """One of the crowd."""
    return f"person{number}@example.com"


async def mailed(desk: Desk, key: str) -> Counter[DeliveryState]:
    """How many letters are in which state, as the ledger says."""

    def look(scene: Scene) -> Counter[DeliveryState]:
        return Counter(scene.book.fanouts.totals(key, 1)["stakeholders", ChannelName.MAIL])

    return +await seen(desk, look)


async def settled(desk: Desk, key: str) -> None:
    """Return once the ledger says that nothing is left to send."""
    waiting = {DeliveryState.PLANNED, DeliveryState.SENDING}
    async with asyncio.timeout(60):
        while waiting & (await mailed(desk, key)).keys():  # noqa: ASYNC110 (as in `until`)
            await asyncio.sleep(0.05)


def message_ids(sink: Relayed) -> dict[str, set[bytes]]:
    """The Message-IDs under which each person was written to."""
    found = defaultdict(set)
    for recipient, content in sink.received:
        match = MESSAGE_ID.search(content)
        assert match
        found[recipient].add(match[1])
    return found
