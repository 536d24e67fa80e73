"""What is learned of a delivery later: the ledger still adds up, on SQLite and on Postgres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from comms.delivery import DeliveryState, LedgerRow, Reason
from comms.ledger import Line
from comms.plan.model import ChannelName
from comms.suppression import suppressed
from comms.testing import HeldClock
from storage.book import SqlBook
from storage.database import Database
from storage.upkeep import flaws
from tests.contracts.ledgers import LedgerBench, SqlShelf, outcomes

T = TypeVar("T")

ACCEPTED, REJECTED, UNKNOWN = (
    DeliveryState.ACCEPTED,
    DeliveryState.REJECTED,
    DeliveryState.UNKNOWN,
)
SENT = (ACCEPTED, UNKNOWN)


@pytest.fixture(params=["sqlite", "postgres"])
def kept_in(request: pytest.FixtureRequest) -> Database:
    """A database of each kind in turn."""
    found: Database = request.getfixturevalue(
        "database" if request.param == "sqlite" else "postgres"
    )
    return found


@pytest.fixture
def bench(kept_in: Database, clock: HeldClock) -> LedgerBench:
    """A bench on its ledger."""
    return LedgerBench(SqlShelf(kept_in), clock)


async def act(kept_in: Database, work: Callable[[SqlBook], T]) -> T:
    return await kept_in.write(lambda session: work(SqlBook(session)))


async def amended(
    kept_in: Database, row: LedgerRow, to: DeliveryState, clock: HeldClock, **differs: object
) -> bool:
    how = {"was": SENT, "reason": Reason.BOUNCED, "detail": "5.1.1", **differs}
    return await act(
        kept_in,
        lambda book: book.hindsight.amend(row.id, to, now=clock.now(), **how),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("state", SENT)
async def test_what_comes_back_was_not_reached_and_the_totals_say_so(
    kept_in: Database, bench: LedgerBench, clock: HeldClock, state: DeliveryState
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    await bench.delivered(state)
    clock.advance(timedelta(minutes=1))
    first, _ = await bench.rows()

    assert await amended(kept_in, first, REJECTED, clock)

    first, second = await bench.rows()
    assert (first.state, first.reason, first.detail) == (REJECTED, Reason.BOUNCED, "5.1.1")
    assert first.finished_at == clock.now()
    assert second.state is state
    assert await bench.totals(fanout) == Counter({REJECTED: 1, state: 1})
    assert not flaws(kept_in)


async def test_what_was_unknown_may_turn_out_to_have_arrived(
    kept_in: Database, bench: LedgerBench, clock: HeldClock
) -> None:
    fanout = await bench.planned("a@x.org")
    await bench.delivered(UNKNOWN)

    assert await amended(kept_in, await bench.one_row(), ACCEPTED, clock, reason=None)

    assert await bench.totals(fanout) == Counter({ACCEPTED: 1})


async def test_what_is_sent_again_meanwhile_stays_as_it_is(
    kept_in: Database, bench: LedgerBench, clock: HeldClock
) -> None:
    fanout = await bench.planned("a@x.org")
    await bench.delivered(UNKNOWN)
    await bench.retry(fanout)

    assert not await amended(kept_in, await bench.one_row(), REJECTED, clock)
    assert await bench.totals(fanout) == Counter({DeliveryState.PLANNED: 1})


async def test_a_delivery_that_comes_back_twice_counts_once(
    kept_in: Database, bench: LedgerBench, clock: HeldClock
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    await bench.delivered()
    first, _ = await bench.rows()

    assert await amended(kept_in, first, REJECTED, clock)
    assert not await amended(kept_in, first, REJECTED, clock)

    assert await bench.totals(fanout) == Counter({REJECTED: 1, ACCEPTED: 1})


async def test_what_comes_back_while_the_rest_is_sent_leaves_the_totals_whole(
    kept_in: Database, bench: LedgerBench, clock: HeldClock
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org", "c@x.org")
    claim, step = await bench.begun(take=1)
    step = await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED), take=1)
    first, *_ = await bench.rows()

    assert await amended(kept_in, first, REJECTED, clock)
    step = await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED), take=1)
    await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED))

    assert await bench.totals(fanout) == Counter({REJECTED: 1, ACCEPTED: 2})
    assert not flaws(kept_in)


async def test_there_is_no_delivery_of_that_number(kept_in: Database, bench: LedgerBench) -> None:
    assert await act(kept_in, lambda book: book.hindsight.delivery(4711)) is None


async def test_a_mail_is_found_by_its_receipt_and_its_address(
    kept_in: Database, bench: LedgerBench, clock: HeldClock
) -> None:
    await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun()
    await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED, provider_id="acs-1"))
    [first, _] = await bench.rows()
    since = clock.now() - timedelta(days=1)

    def look(book: SqlBook) -> list[LedgerRow | None]:
        look_up = book.hindsight.handed_over
        return [
            look_up("a@x.org", "acs-1", since=since),
            look_up("a@x.org", "acs-2", since=since),
            look_up("c@x.org", "acs-1", since=since),
            look_up("a@x.org", "acs-1", since=clock.now() + timedelta(seconds=1)),
        ]

    assert await act(kept_in, look) == [first, None, None, None]


async def test_who_was_not_reached_is_told_and_who_was_left_out_on_purpose_is_not(
    kept_in: Database, bench: LedgerBench
) -> None:
    fanout = await bench.planned(
        "refused@x.org",
        Line("bounced@x.org", suppressed=Reason.BOUNCED),
        Line("no@x.org", suppressed=Reason.UNSUBSCRIBED),
        Line("twice@x.org", suppressed=Reason.DUPLICATE),
    )
    await bench.delivered(REJECTED)
    await bench.planned("other@x.org")  # of another update
    await bench.delivered(REJECTED)

    found = await act(
        kept_in, lambda b: b.hindsight.unreached(fanout.incident, fanout.update, limit=10)
    )
    one = await act(
        kept_in, lambda b: b.hindsight.unreached(fanout.incident, fanout.update, limit=1)
    )

    assert [row.address for row in found] == ["refused@x.org", "bounced@x.org"]
    assert [row.address for row in one] == ["refused@x.org"]


async def test_a_resend_leaves_out_those_from_whom_it_would_come_back(
    kept_in: Database, bench: LedgerBench, clock: HeldClock
) -> None:
    fanout = await bench.planned("Gone@X.org", "away@x.org")
    await bench.delivered(REJECTED)
    gone = suppressed(None, "gone@x.org", reason=Reason.BOUNCED, evidence="", now=clock.now())
    await act(kept_in, lambda book: book.suppressions.save(gone))

    left_out = await act(
        kept_in,
        lambda b: b.hindsight.beyond_resend(fanout.incident, fanout.update, now=clock.now()),
    )

    assert left_out == 1
    assert await bench.retry(fanout) == 1
    assert await bench.states(fanout) == {
        "Gone@X.org": REJECTED,
        "away@x.org": DeliveryState.PLANNED,
    }


async def test_a_mail_and_nothing_else_is_looked_up_by_receipt(
    kept_in: Database, bench: LedgerBench, clock: HeldClock
) -> None:
    await bench.planned("a@x.org", channel=ChannelName.TEAMS)
    claim, step = await bench.begun(channel=ChannelName.TEAMS)
    await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED, provider_id="1"))

    assert (
        await act(
            kept_in,
            lambda b: b.hindsight.handed_over(
                "a@x.org", "1", since=clock.now() - timedelta(days=1)
            ),
        )
        is None
    )
