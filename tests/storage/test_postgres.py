"""Postgres: the same schema and guards as SQLite, and the whole path on it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from comms.bell import Bell
from comms.delivery import DeliveryState
from comms.desk import Desk, House, Scene
from comms.errors import Unavailable
from comms.fanout import Runner, Slots
from comms.people import SITREP
from comms.plan.model import ChannelName
from comms.planner import Planner
from comms.planning import PAGE
from comms.recipient import Recipient
from comms.routes import only
from comms.testing import FakeTransport, HeldClock
from storage.book import SqlStore
from storage.connect import with_driver
from storage.database import Database
from storage.engine_schema import BOOK
from storage.ledger import SqlLedger
from storage.schema import check, upgrade
from tests.acting import declared, seen, sent
from tests.postgres import ENGINE


@pytest.fixture
def desk(postgres: Database, house: House, clock: HeldClock) -> Desk:
    """A desk on Postgres."""
    return Desk(store=SqlStore(postgres), house=house, clock=clock)


@pytest.mark.parametrize("spelt", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_url_however_spelt_gets_the_driver_that_sitrep_brings_along(spelt: str) -> None:
    assert with_driver(f"{spelt}://u:p%40@db/sitrep?sslmode=require") == make_url(
        "postgresql+psycopg://u:p%40@db/sitrep?sslmode=require"
    )


def test_the_migrations_and_the_tables_do_not_drift_apart(postgres: Database) -> None:
    check(postgres)
    assert upgrade(postgres)
    with postgres.reader.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_ours}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """True but for the job engine's tables."""
    return kind != "table" or name not in {*ENGINE, BOOK}


@pytest.mark.parametrize("table", ["audit", "timeline"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET by = '{{}}'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_the_database_itself_refuses_to_change_the_record(
    desk: Desk, postgres: Database, table: str, deed: str
) -> None:
    await declared(desk, roles={})

    with (
        pytest.raises(DBAPIError, match=f"{table} is append-only"),
        postgres.engine.begin() as connection,
    ):
        connection.execute(text(deed.format(table)))


async def test_a_look_cannot_write(postgres: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        await postgres.read(lambda session: session.execute(text("DELETE FROM incident")))


async def test_missing_tables_say_what_to_do(postgres: Database) -> None:
    with pytest.raises(Unavailable, match="run 'sitrep db upgrade'"):
        await postgres.read(lambda session: session.execute(text("SELECT 1 FROM nowhere")))


async def test_a_server_that_is_not_there_is_said_in_one_line() -> None:
    database = Database("postgresql://sitrep@127.0.0.1:1/sitrep")
    try:
        said = r"^The database does not answer \(.*\): check that it runs, and .*\.$"
        with pytest.raises(Unavailable, match=said):
            await database.read(lambda session: session.execute(text("SELECT 1")))
    finally:
        database.close()


async def test_nobody_waits_for_a_lock_longer_than_a_person_would(postgres: Database) -> None:
    database = Database(postgres.url, patience=0.05)
    lock = text("LOCK TABLE incident IN ACCESS EXCLUSIVE MODE")
    try:
        with postgres.engine.begin() as holding:
            holding.execute(lock)
            with pytest.raises(Unavailable, match="busy"):
                await database.write(lambda session: session.execute(lock))
        await database.write(lambda session: session.execute(lock))
    finally:
        database.close()


async def test_two_planners_at_once_write_every_row_once(
    desk: Desk, postgres: Database, clock: HeldClock
) -> None:
    incident = await declared(desk)
    count = 6 * PAGE + 7
    people = [Recipient(email=f"p{n}@x.org") for n in range(count)]
    await desk.do(lambda s: s.book.recipients.replace("stakeholders", people), SITREP, "cli")
    await sent(desk, incident.key, audiences=["stakeholders"])

    async def plan() -> int:
        planner = Planner(desk=desk, clock=clock, bell=Bell())
        pages = 0
        while await planner.plan():
            pages += 1
        return pages

    pages = await asyncio.gather(plan(), plan())

    assert sum(pages) == 5
    totals = await seen(desk, lambda scene: scene.book.fanouts.totals(incident.key, 1))
    assert totals["stakeholders", ChannelName.MAIL][DeliveryState.PLANNED] == count


async def test_from_declaring_to_the_last_delivery(
    desk: Desk, postgres: Database, clock: HeldClock
) -> None:
    incident = await declared(desk)
    count = 2 * PAGE + 7

    def invite(scene: Scene) -> int:
        people = (Recipient(email=f"é{n}%s@x.org", name="Zoë 100%") for n in range(count))
        return scene.book.recipients.replace("stakeholders", people)

    await desk.do(invite, SITREP, "cli")
    await sent(desk, incident.key, audiences=["stakeholders"])
    planner = Planner(desk=desk, clock=clock, bell=Bell())
    while await planner.plan():
        pass
    transport = FakeTransport()
    runner = Runner(
        channel=ChannelName.MAIL,
        routes=only(transport),
        ledger=SqlLedger(postgres),
        clock=clock,
        bell=Bell(),
        owner="worker-1",
        slots=Slots(lanes=1, batch=250, lease=timedelta(minutes=2)),
    )

    await runner.run_until_idle()

    assert len(set(transport.addresses)) == len(transport.sent) == count
    assert {delivery.name for _, delivery in transport.sent} == {"Zoë 100%"}
    totals = await seen(desk, lambda scene: scene.book.fanouts.totals(incident.key, 1))
    assert totals["stakeholders", ChannelName.MAIL][DeliveryState.ACCEPTED] == count


async def test_records_are_read_as_from_sqlite(desk: Desk) -> None:
    key = (await declared(desk)).key
    await sent(desk, key)

    record = await seen(desk, lambda scene: scene.book.records.of(key))

    assert [one.number for one in record.sent] == [1]
    assert (record.reach["responders"].meant, len(record.promises)) == (1, 8)
