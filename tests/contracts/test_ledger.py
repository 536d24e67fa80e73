"""What every ledger does with a claim: the same cases for the fake, SQLite and Postgres."""

from __future__ import annotations

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
    bea = Line(address="b@x.org", name="Bea", language="de", time_zone="Europe/Zurich")
    fanout = await bench.planned("a@x.org", bea)

    _, step = await bench.begun()

    assert addresses(step.deliveries) == ["a@x.org", "b@x.org"]
    assert [delivery.attempt for delivery in step.deliveries] == [1, 1]
    second = step.deliveries[1]
    assert (second.name, second.language, second.time_zone) == ("Bea", "de", "Europe/Zurich")
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
