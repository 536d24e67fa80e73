"""When a claim ends, runs out or is overtaken: the same cases for memory, SQLite and Postgres."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from comms.clock import SINCE_EVER
from comms.delivery import DeliveryState, Reason
from comms.ledger import LATEST_RETRY, LONGEST_LEASE, SHARD, Line
from comms.plan.model import ChannelName
from tests.contracts.ledgers import LEASE, LedgerBench, addresses, outcomes

PLANNED, SENDING = DeliveryState.PLANNED, DeliveryState.SENDING
ACCEPTED, REJECTED = DeliveryState.ACCEPTED, DeliveryState.REJECTED
UNKNOWN = DeliveryState.UNKNOWN
MINUTE = timedelta(minutes=1)


# Giving back


async def test_a_shard_with_nothing_left_is_nobodys_business_any_more(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")

    await bench.delivered()

    assert await bench.claim() is None
    assert await bench.next_due() is None


async def test_a_fan_out_that_reaches_nobody_is_never_claimed(bench: LedgerBench) -> None:
    nobody = await bench.planned()
    only = await bench.planned(Line(address="a@x.org", suppressed=Reason.UNSUBSCRIBED))

    assert await bench.next_due() is None
    assert await bench.claim() is None
    assert await bench.totals(nobody) == {}
    assert await bench.totals(only) == {DeliveryState.SUPPRESSED: 1}


async def test_taking_nothing_gives_the_shard_back_at_once(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun(take=1)

    end = await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED), take=0)

    assert (end.deliveries, end.is_overtaken) == ((), False)
    _, next_step = await bench.begun(owner="worker-2")
    assert addresses(next_step.deliveries) == ["b@x.org"]


async def test_a_shard_given_back_is_due_with_the_earliest_of_its_rows(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun()
    now = bench.clock.now()
    a, b = step.deliveries

    await bench.advance(
        claim,
        *outcomes([a], REJECTED, due_at=now + 2 * MINUTE),
        *outcomes([b], REJECTED, due_at=now + MINUTE),
    )

    assert await bench.next_due() == now + MINUTE
    bench.clock.advance(MINUTE)
    assert addresses(await bench.delivered()) == ["b@x.org"]
    assert await bench.next_due() == now + 2 * MINUTE


async def test_what_is_given_back_under_way_is_not_stranded(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun()
    first, _ = outcomes(step.deliveries, ACCEPTED)
    await bench.advance(claim, first, take=0)

    again = await bench.claimed(owner="worker-2")

    assert addresses(again.lost) == ["b@x.org"]


async def test_a_more_urgent_shard_overtakes_one_that_is_being_sent(bench: LedgerBench) -> None:
    bulk = await bench.planned("a@x.org", "b@x.org", priority=300)
    claim, step = await bench.begun(take=1)
    await bench.planned("sev1@x.org", priority=100)

    end = await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED), take=1)

    assert (end.kept, end.deliveries, end.is_overtaken) == (1, (), True)
    assert await bench.totals(bulk) == {ACCEPTED: 1, PLANNED: 1}
    assert addresses(await bench.delivered()) == ["sev1@x.org", "b@x.org"]


async def test_only_what_could_be_claimed_now_overtakes(bench: LedgerBench) -> None:
    await bench.planned("held@x.org", priority=100)
    await bench.claimed(owner="worker-2")
    await bench.planned("later@x.org", priority=110)
    later, tried = await bench.begun(owner="worker-3")
    await bench.advance(
        later, *outcomes(tried.deliveries, REJECTED, due_at=bench.clock.now() + MINUTE)
    )
    await bench.planned("room:INC-1", priority=120, channel=ChannelName.TEAMS)
    await bench.planned("a@x.org", "b@x.org", priority=300)
    await bench.planned("equal@x.org", priority=300)
    claim, step = await bench.begun(take=1)

    end = await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED), take=1)

    assert not end.is_overtaken
    assert addresses(end.deliveries) == ["b@x.org"]


async def test_the_next_due_moment_is_the_earliest_retry_or_end_of_a_lease(
    bench: LedgerBench,
) -> None:
    start = bench.clock.now()
    await bench.planned("a@x.org")
    assert await bench.next_due() == SINCE_EVER

    claim, step = await bench.begun()
    assert await bench.next_due() == start + LEASE

    await bench.advance(claim, *outcomes(step.deliveries, REJECTED, due_at=start + MINUTE))
    assert await bench.next_due() == start + MINUTE
    assert await bench.next_due(ChannelName.PAGE) is None


async def test_a_shard_that_is_put_off_is_claimed_no_sooner(bench: LedgerBench) -> None:
    later = bench.clock.now() + MINUTE
    await bench.planned("a@x.org")
    claim = await bench.claimed()

    await bench.advance(claim, take=0, put_off=later)

    assert await bench.claim() is None
    assert await bench.next_due() == later
    bench.clock.advance(MINUTE)
    assert addresses(await bench.delivered()) == ["a@x.org"]


async def test_putting_off_neither_hurries_a_retry_nor_wakes_what_is_done(
    bench: LedgerBench,
) -> None:
    retry_at = bench.clock.now() + 2 * MINUTE
    await bench.planned("a@x.org")
    claim, step = await bench.begun()
    await bench.advance(
        claim,
        *outcomes(step.deliveries, REJECTED, due_at=retry_at),
        take=0,
        put_off=bench.clock.now() + MINUTE,
    )
    assert await bench.next_due() == retry_at

    bench.clock.advance(2 * MINUTE)
    claim, step = await bench.begun()
    await bench.advance(
        claim, *outcomes(step.deliveries, ACCEPTED), take=0, put_off=retry_at + MINUTE
    )
    assert await bench.next_due() is None


async def test_what_was_held_back_was_no_attempt(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    claim, step = await bench.begun()
    [held] = outcomes(step.deliveries, PLANNED, due_at=bench.clock.now())

    await bench.advance(claim, held._replace(counts=False), take=0)

    assert (await bench.one_row()).attempts == 0
    assert await bench.totals(fanout) == {PLANNED: 1}
    _, again = await bench.begun()
    assert again.deliveries[0].attempt == 1


# Leases and fences


async def test_what_a_lost_worker_had_begun_is_listed_in_the_next_claim(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org", "c@x.org")
    gone, step = await bench.begun(take=2, owner="worker-1")
    bench.clock.advance(LEASE)

    again = await bench.claimed(owner="worker-2")

    assert again.shard == gone.shard
    assert again.token > gone.token
    assert again.lost == step.deliveries
    assert await bench.totals(fanout) == {SENDING: 2, PLANNED: 1}


async def test_what_was_lost_is_sent_again_under_the_same_key(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    _, before = await bench.begun(owner="before the crash")
    bench.clock.advance(LEASE)

    claim = await bench.claimed(owner="after the crash")
    lost = outcomes(claim.lost, UNKNOWN, reason=Reason.WORKER_LOST, due_at=bench.clock.now())
    step = await bench.advance(claim, *lost)

    assert step.kept == 1
    assert step.deliveries[0].key == before.deliveries[0].key
    assert step.deliveries[0].attempt == 2
    await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED))
    assert await bench.totals(fanout) == {ACCEPTED: 1}


@pytest.mark.parametrize("second_owner", ["worker-1", "worker-2"])
async def test_a_late_owner_is_fenced_and_records_nothing(
    bench: LedgerBench, second_owner: str
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    late, step = await bench.begun(take=1, owner="worker-1")
    bench.clock.advance(LEASE)
    second = await bench.claimed(owner=second_owner)

    fenced = await bench.advance(late, *outcomes(step.deliveries, REJECTED))

    assert (fenced.is_fenced, fenced.kept, fenced.deliveries) == (True, 0, ())
    assert await bench.totals(fanout) == {SENDING: 1, PLANNED: 1}
    assert (await bench.advance(second, *outcomes(second.lost, ACCEPTED), take=0)).kept == 1
    assert (await bench.advance(late, *outcomes(step.deliveries, REJECTED))).is_fenced
    assert await bench.totals(fanout) == {ACCEPTED: 1, PLANNED: 1}


async def test_a_fenced_owner_does_not_shorten_the_lease_of_the_next(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    late = await bench.claimed(owner="worker-1")
    bench.clock.advance(LEASE)
    await bench.claimed(owner="worker-2")

    await bench.advance(late, take=0)

    assert await bench.claim(owner="worker-3") is None


async def test_a_late_owner_may_still_record_what_nobody_else_has_claimed(
    bench: LedgerBench,
) -> None:
    fanout = await bench.planned("a@x.org")
    claim, step = await bench.begun()
    bench.clock.advance(LEASE * 3)

    assert (await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED))).kept == 1
    assert await bench.totals(fanout) == {ACCEPTED: 1}


async def test_a_renewed_lease_runs_out_later(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    claim = await bench.claimed(owner="worker-1")
    bench.clock.advance(LEASE / 2)

    await bench.renew(claim)

    bench.clock.advance(LEASE / 2)
    assert await bench.claim(owner="worker-2") is None
    bench.clock.advance(LEASE / 2)
    assert await bench.claim(owner="worker-2") is not None


async def test_whoever_was_fenced_or_gave_back_renews_nothing(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    late = await bench.claimed(owner="worker-1")
    bench.clock.advance(LEASE)
    second = await bench.claimed(owner="worker-2")
    bench.clock.advance(LEASE / 2)

    await bench.renew(late)
    bench.clock.advance(LEASE / 2)
    third = await bench.claimed(owner="worker-3")
    await bench.advance(third, take=0)
    await bench.renew(third)
    await bench.renew(second)

    assert await bench.claim(owner="worker-4") is not None


# Several at once


async def test_two_claimers_at_once_never_hold_the_same_shard(bench: LedgerBench) -> None:
    for number in range(4):
        await bench.planned(f"p{number}@x.org")

    claims = await asyncio.gather(*(bench.claim(owner=f"worker-{n}") for n in range(8)))

    held = [claim.shard for claim in claims if claim]
    assert len(held) == len(set(held)) == 4


async def test_workers_at_once_share_everything_out(bench: LedgerBench) -> None:
    fanout = await bench.planned(*(f"p{n}@x.org" for n in range(SHARD + 40)))
    await bench.planned(*(f"q{n}@x.org" for n in range(40)))

    shares = await asyncio.gather(
        *(bench.delivered(owner=f"worker-{n}", take=50) for n in range(4))
    )

    taken = [delivery.id for share in shares for delivery in share]
    assert len(taken) == len(set(taken)) == SHARD + 80
    assert await bench.totals(fanout) == {ACCEPTED: SHARD + 40}


# A clock that was set back


async def test_what_nobody_has_tried_is_due_whatever_the_clock_says(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    bench.clock.turn_back(MINUTE)

    assert addresses(await bench.delivered()) == ["a@x.org"]


async def test_a_retry_further_ahead_than_any_may_be_holds_nothing_up(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun()
    soon = bench.clock.now() + MINUTE
    await bench.advance(claim, *outcomes(step.deliveries, REJECTED, due_at=soon))

    assert await bench.claim() is None
    bench.clock.turn_back(LATEST_RETRY)

    assert addresses(await bench.delivered()) == ["a@x.org", "b@x.org"]


async def test_a_lease_further_ahead_than_any_may_be_holds_nothing_up(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    before, _ = await bench.begun(take=1)

    assert await bench.claim(owner="worker-2") is None
    bench.clock.turn_back(LONGEST_LEASE)

    assert addresses((await bench.claimed(owner="worker-2")).lost) == ["a@x.org"]
    assert (await bench.advance(before)).is_fenced


async def test_what_is_to_be_sent_is_shown_as_due_since_it_was_approved(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")

    row = await bench.one_row()

    assert row.due_at == row.planned_at == bench.clock.now()
