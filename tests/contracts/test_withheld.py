"""What a ledger tells of people and keeps from them: the same for the fake, SQLite and Postgres."""

from __future__ import annotations

from comms.delivery import DeliveryState, Reason
from comms.ledger import Line
from comms.plan.model import ChannelName
from tests.contracts.ledgers import LedgerBench, addresses, outcomes


async def test_whom_an_incident_has_reached_is_looked_up_by_address(bench: LedgerBench) -> None:
    first = await bench.planned("a@x.org", "b@x.org", Line("c@x.org", suppressed=Reason.DIGEST))
    await bench.planned("d@x.org", audience="customers")
    claim, went = await bench.begun(take=1)
    await bench.advance(claim, *outcomes(went.deliveries, DeliveryState.ACCEPTED), take=0)
    last = await bench.opened()

    asked = ["a@x.org", "b@x.org", "c@x.org", "d@x.org", "e@x.org"]
    told = await bench.shelf.act(lambda fanouts: fanouts.reached(last, asked))

    assert first.audience == last.audience
    assert told == {"a@x.org"}


async def test_what_nobody_has_begun_is_withheld_from_an_address_that_stops(
    bench: LedgerBench,
) -> None:
    theirs = await bench.planned("a@x.org", "b@x.org", "c@x.org")
    other = await bench.planned("b@x.org", audience="customers")
    _, went = await bench.begun(take=1)
    assert addresses(went.deliveries) == ["a@x.org"]

    moved = await bench.shelf.act(
        lambda f: f.withhold("executives", ["a@x.org", "b@x.org"], now=bench.clock.now())
    )

    assert moved == 1
    rows = await bench.rows(update=theirs.update)
    assert [(row.state, row.reason) for row in rows] == [
        (DeliveryState.SENDING, None),
        (DeliveryState.SUPPRESSED, Reason.UNSUBSCRIBED),
        (DeliveryState.PLANNED, None),
    ]
    totals = await bench.shelf.act(lambda f: f.totals("INC-1", theirs.update))
    assert totals["executives", ChannelName.MAIL][DeliveryState.SUPPRESSED] == 1
    assert [row.state for row in await bench.rows(update=other.update)] == [DeliveryState.PLANNED]


async def test_one_row_is_found_by_its_id(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    [row] = await bench.rows(update=fanout.update)

    assert await bench.shelf.act(lambda fanouts: fanouts.row(row.id)) == row
    assert await bench.shelf.act(lambda fanouts: fanouts.row(row.id + 1)) is None
    assert await bench.shelf.act(lambda fanouts: fanouts.last()) == fanout.id


async def test_whoever_stops_while_rows_are_written_hurries_nothing(bench: LedgerBench) -> None:
    fanout = await bench.opened()
    await bench.written(fanout, "a@x.org", "b@x.org")

    moved = await bench.shelf.act(
        lambda f: f.withhold("executives", ["a@x.org"], now=bench.clock.now())
    )

    assert moved == 1
    assert await bench.claim() is None
    await bench.ready(fanout)
    _, went = await bench.begun()
    assert addresses(went.deliveries) == ["b@x.org"]
