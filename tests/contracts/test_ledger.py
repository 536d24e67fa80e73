"""What every ledger does with a claim: the same cases for the fake, SQLite and Postgres."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from comms.delivery import DeliveryState, Outcome, Reason
from comms.ledger import SHARD, Line, Settled
from comms.plan.model import ChannelName
from tests.contracts.ledgers import LEASE, LedgerBench, addresses, outcomes

PLANNED, SENDING = DeliveryState.PLANNED, DeliveryState.SENDING
ACCEPTED, REJECTED = DeliveryState.ACCEPTED, DeliveryState.REJECTED
UNKNOWN = DeliveryState.UNKNOWN
MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)


# Claims


async def test_a_claim_names_its_shard_its_fan_out_and_its_end(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")

    claim = await bench.claimed(owner="worker-1")

    assert claim.fanout.id == fanout.id
    assert claim.owner == "worker-1"
    assert claim.lease_until == bench.clock.now() + LEASE
    assert claim.lost == ()
    assert await bench.totals(fanout) == {PLANNED: 1}


async def test_nothing_is_claimed_before_all_rows_are_written(bench: LedgerBench) -> None:
    fanout = await bench.opened()
    await bench.written(fanout, "a@x.org")

    assert await bench.claim() is None
    assert await bench.next_due() is None

    await bench.ready(fanout)
    assert await bench.claim() is not None


async def test_each_channel_claims_its_own(bench: LedgerBench) -> None:
    await bench.planned("room:INC-1", channel=ChannelName.TEAMS, audience="responders")

    assert await bench.claim(channel=ChannelName.MAIL) is None
    claim = await bench.claimed(channel=ChannelName.TEAMS)
    assert claim.fanout.channel is ChannelName.TEAMS


async def test_the_most_urgent_fan_out_is_claimed_first(bench: LedgerBench) -> None:
    await bench.planned("sev3@x.org", priority=300)
    await bench.planned("sev1@x.org", priority=100)
    await bench.planned("sev2@x.org", priority=200)

    assert addresses(await bench.delivered()) == ["sev1@x.org", "sev2@x.org", "sev3@x.org"]


async def test_equally_urgent_fan_outs_go_in_the_order_of_their_opening(bench: LedgerBench) -> None:
    await bench.planned("first@x.org")
    await bench.planned("second@x.org")

    assert addresses(await bench.delivered()) == ["first@x.org", "second@x.org"]


async def test_a_held_shard_is_nobody_elses(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    await bench.claimed(owner="worker-1")
    bench.clock.advance(LEASE - MOMENT)

    assert await bench.claim(owner="worker-1") is None
    assert await bench.claim(owner="worker-2") is None


async def test_a_large_fan_out_is_held_by_several_at_once(bench: LedgerBench) -> None:
    fanout = await bench.planned(*(f"p{n}@x.org" for n in range(SHARD + 1)))

    first, second = await bench.claimed(owner="worker-1"), await bench.claimed(owner="worker-2")

    assert first.shard != second.shard
    assert await bench.claim(owner="worker-3") is None
    assert len((await bench.advance(first, take=9999)).deliveries) == SHARD
    assert len((await bench.advance(second, take=9999)).deliveries) == 1
    assert await bench.totals(fanout) == {SENDING: SHARD + 1}


# Taking


async def test_an_advance_takes_what_is_due_and_marks_it_as_being_sent(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", Line(address="b@x.org", name="Bea", language="de"))

    _, step = await bench.begun()

    assert addresses(step.deliveries) == ["a@x.org", "b@x.org"]
    assert [delivery.attempt for delivery in step.deliveries] == [1, 1]
    assert (step.deliveries[1].name, step.deliveries[1].language) == ("Bea", "de")
    assert (step.kept, step.is_fenced, step.is_overtaken) == (0, False, False)
    assert await bench.totals(fanout) == {SENDING: 2}


async def test_an_advance_takes_no_more_than_asked(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org", "c@x.org")

    claim, first = await bench.begun(take=2)
    second = await bench.advance(claim, take=2)

    assert addresses(first.deliveries) == ["a@x.org", "b@x.org"]
    assert addresses(second.deliveries) == ["c@x.org"]
    assert await bench.totals(fanout) == {SENDING: 3}


async def test_an_advance_records_and_takes_at_once(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org", "c@x.org")
    claim, first = await bench.begun(take=2)

    second = await bench.advance(claim, *outcomes(first.deliveries, ACCEPTED), take=2)

    assert second.kept == 2
    assert addresses(second.deliveries) == ["c@x.org"]
    assert await bench.totals(fanout) == {ACCEPTED: 2, SENDING: 1}


async def test_an_advance_renews_the_lease(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    claim, _ = await bench.begun(take=1)
    bench.clock.advance(LEASE - MOMENT)
    await bench.advance(claim, take=1)
    bench.clock.advance(LEASE - MOMENT)

    assert await bench.claim(owner="worker-2") is None
    bench.clock.advance(MOMENT)
    assert await bench.claim(owner="worker-2") is not None


async def test_what_is_due_longest_is_taken_first(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun()
    now = bench.clock.now()
    a, b = step.deliveries
    await bench.advance(
        claim,
        *outcomes([a], REJECTED, due_at=now + 2 * MINUTE),
        *outcomes([b], REJECTED, due_at=now + MINUTE),
    )
    bench.clock.advance(3 * MINUTE)

    _, later = await bench.begun()

    assert addresses(later.deliveries) == ["b@x.org", "a@x.org"]


@pytest.mark.parametrize("count", [SHARD - 1, 2 * SHARD + 1])
async def test_every_one_of_many_rows_is_delivered_once(bench: LedgerBench, count: int) -> None:
    fanout = await bench.planned(*(f"p{n}@x.org" for n in range(count)))

    done = await bench.delivered()

    assert sorted(addresses(done)) == sorted(f"p{n}@x.org" for n in range(count))
    assert await bench.totals(fanout) == {ACCEPTED: count}


async def test_a_suppressed_recipient_is_recorded_not_sent(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", Line(address="b@x.org", suppressed=Reason.UNSUBSCRIBED))

    assert addresses(await bench.delivered()) == ["a@x.org"]
    bench.clock.advance(timedelta(days=1))
    assert await bench.delivered() == []
    assert await bench.totals(fanout) == {ACCEPTED: 1, DeliveryState.SUPPRESSED: 1}


# Recording


async def test_an_accepted_delivery_is_finished_with_its_receipt(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    claim, step = await bench.begun()

    end = await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED, provider_id="queue-7"))

    row = await bench.one_row()
    assert (end.kept, end.deliveries) == (1, ())
    assert (row.state, row.provider_id, row.attempts) == (ACCEPTED, "queue-7", 1)
    assert row.finished_at == bench.clock.now()
    assert row.due_at is None
    assert await bench.totals(fanout) == {ACCEPTED: 1}


async def test_a_refusal_keeps_its_reason_and_the_platforms_words(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    claim, step = await bench.begun()
    words = "550 5.1.1 'no such' user: 100% sure?"

    await bench.advance(
        claim, *outcomes(step.deliveries, REJECTED, reason=Reason.MAILBOX_UNKNOWN, detail=words)
    )

    row = await bench.one_row()
    assert (row.state, row.reason, row.detail) == (REJECTED, Reason.MAILBOX_UNKNOWN, words)


async def test_a_long_answer_is_kept_to_300_characters(bench: LedgerBench) -> None:
    await bench.planned("a@x.org")
    claim, step = await bench.begun()

    await bench.advance(claim, *outcomes(step.deliveries, REJECTED, detail="x" * 1000))

    assert len((await bench.one_row()).detail) == 300


async def test_a_failure_that_may_pass_is_planned_again_for_its_moment(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org")
    claim, step = await bench.begun()
    later = bench.clock.now() + MINUTE

    await bench.advance(
        claim, *outcomes(step.deliveries, REJECTED, reason=Reason.THROTTLED, due_at=later)
    )

    row = await bench.one_row()
    assert (row.state, row.due_at, row.finished_at) == (PLANNED, later, None)
    assert row.reason is Reason.THROTTLED
    assert await bench.totals(fanout) == {PLANNED: 1}
    bench.clock.advance(MINUTE - MOMENT)
    assert await bench.claim() is None
    bench.clock.advance(MOMENT)
    _, again = await bench.begun()
    assert again.deliveries[0].attempt == 2


async def test_a_retry_that_is_not_due_yet_lets_others_pass(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    claim, first = await bench.begun(take=1)
    later = bench.clock.now() + MINUTE

    second = await bench.advance(claim, *outcomes(first.deliveries, REJECTED, due_at=later))

    assert addresses(second.deliveries) == ["b@x.org"]


async def test_the_key_of_a_delivery_is_the_same_in_every_attempt(bench: LedgerBench) -> None:
    await bench.planned("a@x.org", "b@x.org")
    [first, _] = await bench.delivered(UNKNOWN, due_at=bench.clock.now() + MINUTE)
    bench.clock.advance(MINUTE)

    [again, other] = await bench.delivered()

    assert (again.id, again.key, again.attempt) == (first.id, first.key, 2)
    assert other.key != first.key


async def test_recording_an_outcome_twice_counts_once(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun(take=1)

    once = await bench.advance(claim, *outcomes(step.deliveries, ACCEPTED), take=1)
    twice = await bench.advance(claim, *outcomes(step.deliveries, REJECTED), take=1)

    assert (once.kept, twice.kept) == (1, 0)
    assert await bench.totals(fanout) == {ACCEPTED: 1, SENDING: 1}


async def test_of_two_outcomes_for_one_delivery_the_first_counts(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun(take=1)
    both = (*outcomes(step.deliveries, ACCEPTED), *outcomes(step.deliveries, REJECTED))

    assert (await bench.advance(claim, *both, take=1)).kept == 1
    assert await bench.totals(fanout) == {ACCEPTED: 1, SENDING: 1}


async def test_an_outcome_of_a_delivery_that_is_not_under_way_is_dropped(
    bench: LedgerBench,
) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org")
    claim, step = await bench.begun(take=1)
    waiting = {row.id for row in await bench.rows()} - {step.deliveries[0].id}
    stray = [
        Settled(outcome=Outcome(delivery=number, state=ACCEPTED)) for number in (*waiting, 10**7)
    ]

    assert (await bench.advance(claim, *stray, take=1)).kept == 0
    assert await bench.totals(fanout) == {SENDING: 2}


async def test_an_outcome_of_another_shard_is_dropped(bench: LedgerBench) -> None:
    mine = await bench.planned("a@x.org")
    other = await bench.planned("b@x.org")
    claim, _ = await bench.begun()
    _, theirs = await bench.begun()

    step = await bench.advance(claim, *outcomes(theirs.deliveries, REJECTED))

    assert step.kept == 0
    assert await bench.totals(mine) == {SENDING: 1}
    assert await bench.totals(other) == {SENDING: 1}


async def test_part_of_a_batch_can_be_recorded_and_the_rest_later(bench: LedgerBench) -> None:
    fanout = await bench.planned("a@x.org", "b@x.org", "c@x.org")
    claim, step = await bench.begun(take=2)
    first, second = outcomes(step.deliveries, ACCEPTED)

    await bench.advance(claim, first, take=1)
    assert await bench.totals(fanout) == {ACCEPTED: 1, SENDING: 2}
    await bench.advance(claim, second, take=1)
    assert await bench.totals(fanout) == {ACCEPTED: 2, SENDING: 1}


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
    assert await bench.next_due() == start

    claim, step = await bench.begun()
    assert await bench.next_due() == start + LEASE

    await bench.advance(claim, *outcomes(step.deliveries, REJECTED, due_at=start + MINUTE))
    assert await bench.next_due() == start + MINUTE
    assert await bench.next_due(ChannelName.PAGE) is None


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
